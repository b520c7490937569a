"""Laboratory panels: analytes with unit, reference range and the values that sick people reach. Data only.

Ranges are the usual adult ones of textbooks, rounded; they serve extraction, not medicine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Analyte:
    """One measured quantity."""

    name: str
    unit: str
    low: float | None
    """Lower end of the reference range, itself normal; None where only the upper end counts."""
    high: float | None
    """Upper end, itself normal; None where only the lower end counts."""
    least: float
    most: float
    """Lowest and highest value that is believable at all."""
    digits: int = 1
    """Decimals that laboratories report."""

    @property
    def reference_range(self) -> str:
        """As reports print it: ``3.5-5.1``, ``<=200``, ``>=60``."""
        if self.low is None:
            return f"<={self.high:g}"
        if self.high is None:
            return f">={self.low:g}"
        return f"{self.low:.{self.digits}f}-{self.high:.{self.digits}f}"

    def is_normal(self, value: float) -> bool:
        """Whether ``value`` lies within the reference range, its ends included."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


PANELS = (
    (
        "Complete Blood Count (CBC)",
        (
            Analyte("Hemoglobin", "g/dL", 12.0, 17.5, 7.9, 19.2),
            Analyte("Hematocrit", "%", 36.0, 53.0, 25.0, 57.0),
            Analyte("White Blood Cells", "10^3/uL", 4.5, 11.0, 1.9, 22.5),
            Analyte("Platelets", "10^3/uL", 150, 400, 72, 640, 0),
            Analyte("Mean Corpuscular Volume", "fL", 80.0, 100.0, 66.0, 114.0),
            Analyte("Neutrophils", "%", 40.0, 70.0, 22.0, 88.0),
        ),
    ),
    (
        "Comprehensive Metabolic Panel (CMP)",
        (
            Analyte("Glucose", "mg/dL", 70, 99, 54, 286, 0),
            Analyte("Sodium", "mmol/L", 135, 145, 124, 152, 0),
            Analyte("Potassium", "mmol/L", 3.5, 5.1, 2.8, 6.3),
            Analyte("Calcium", "mg/dL", 8.5, 10.5, 7.1, 12.4),
            Analyte("Creatinine", "mg/dL", 0.6, 1.3, 0.4, 3.9, 2),
            Analyte("Albumin", "g/dL", 3.5, 5.0, 2.3, 5.5),
            Analyte("Blood Urea Nitrogen", "mg/dL", 7, 20, 4, 58, 0),
        ),
    ),
    (
        "Lipid Panel",
        (
            Analyte("Total Cholesterol", "mg/dL", None, 200, 118, 312, 0),
            Analyte("LDL Cholesterol", "mg/dL", None, 130, 48, 214, 0),
            Analyte("HDL Cholesterol", "mg/dL", 40, None, 26, 92, 0),
            Analyte("Triglycerides", "mg/dL", None, 150, 46, 390, 0),
        ),
    ),
    (
        "Thyroid Panel",
        (
            Analyte("TSH", "mIU/L", 0.4, 4.0, 0.02, 14.6, 2),
            Analyte("Free T4", "ng/dL", 0.8, 1.8, 0.3, 3.9, 2),
            Analyte("Free T3", "pg/mL", 2.3, 4.2, 1.4, 8.8),
        ),
    ),
    (
        "Hemoglobin A1c",
        (
            Analyte("HbA1c", "%", 4.0, 5.6, 4.6, 11.8),
            Analyte("Estimated Average Glucose", "mg/dL", 68, 114, 85, 292, 0),
        ),
    ),
    (
        "Liver Function Tests",
        (
            Analyte("ALT", "U/L", 7, 56, 9, 310, 0),
            Analyte("AST", "U/L", 10, 40, 12, 265, 0),
            Analyte("Alkaline Phosphatase", "U/L", 44, 147, 38, 340, 0),
            Analyte("Total Bilirubin", "mg/dL", 0.1, 1.2, 0.2, 5.4),
            Analyte("Gamma-GT", "U/L", None, 60, 8, 240, 0),
        ),
    ),
    (
        "Iron Studies",
        (
            Analyte("Ferritin", "ng/mL", 20, 250, 5, 690, 0),
            Analyte("Serum Iron", "ug/dL", 60, 170, 22, 228, 0),
            Analyte("Transferrin Saturation", "%", 20, 50, 6, 72, 0),
        ),
    ),
    (
        "Coagulation Profile",
        (
            Analyte("Prothrombin Time", "s", 11.0, 13.5, 10.4, 21.8),
            Analyte("aPTT", "s", 25.0, 35.0, 22.0, 61.0),
            Analyte("Fibrinogen", "mg/dL", 200, 400, 140, 680, 0),
        ),
    ),
    (
        "Inflammation Markers",
        (
            Analyte("C-Reactive Protein", "mg/L", None, 5, 0.3, 118.0),
            Analyte("Erythrocyte Sedimentation Rate", "mm/h", None, 20, 2, 84, 0),
        ),
    ),
    (
        "Vitamin Status",
        (
            Analyte("25-OH Vitamin D", "ng/mL", 30, 100, 8, 112, 0),
            Analyte("Vitamin B12", "pg/mL", 200, 900, 112, 1180, 0),
            Analyte("Folate", "ng/mL", 3.0, 17.0, 1.6, 20.0),
        ),
    ),
    (
        "Basic Metabolic Panel (BMP)",
        (
            Analyte("Sodium", "mmol/L", 135, 145, 124, 152, 0),
            Analyte("Chloride", "mmol/L", 98, 107, 90, 114, 0),
            Analyte("Bicarbonate", "mmol/L", 22, 29, 14, 34, 0),
            Analyte("Creatinine", "mg/dL", 0.6, 1.3, 0.4, 3.9, 2),
        ),
    ),
    (
        "Urinalysis",
        (
            Analyte("Urine pH", "pH", 4.5, 8.0, 4.4, 8.7),
            Analyte("Specific Gravity", "g/mL", 1.005, 1.030, 1.001, 1.038, 3),
            Analyte("Urine Protein", "mg/dL", None, 14, 2, 240, 0),
        ),
    ),
    (
        "Cardiac Markers",
        (
            Analyte("Troponin I", "ng/L", None, 26, 2, 840, 0),
            Analyte("NT-proBNP", "pg/mL", None, 125, 18, 3900, 0),
            Analyte("CK-MB", "ng/mL", None, 5, 0.4, 48.0),
        ),
    ),
)
"""Test type and what it measures."""

DERIVED: dict[str, Callable[[Mapping[str, float]], float]] = {
    "Hematocrit": lambda known: 3 * known["Hemoglobin"],
    "Estimated Average Glucose": lambda known: 28.7 * known["HbA1c"] - 46.7,
    "Total Cholesterol": lambda known: known["LDL Cholesterol"] + known["HDL Cholesterol"] + known["Triglycerides"] / 5,
}
"""Analytes that follow from others of their panel (the rule of three, ADAG, Friedewald)."""

PATIENT_IDS = ("PT-#####", "P######", "ANON-####", "SUBJ-##-###", "MRN-######", "LAB-??-####")
LABORATORIES = (
    "Ridgeview Clinical Laboratory", "Mercy Hospital Laboratory", "Lakeshore Diagnostics", "BioCore Reference Lab",
    "St. Brigid Pathology", "Summit Medical Laboratories", "Harborview Diagnostic Center", "Eastside Family Lab",
    "University Hospital, Central Laboratory", "Precision Path Partners", "Cedar Valley Lab Services",
    "Northgate Pathology Group",
)  # fmt: skip
