"""Outpatient visits: one presentation, its patient, findings, codes, prescriptions and follow-up.

What holds, wherever the fields involved are present: ``bmi`` = weight / height² to one decimal; the age told
in the history fits ``date_of_birth`` on the visit date; one diagnosis at most is primary, and it comes first;
labs are ordered after the visit begins; one pharmacy fills all prescriptions; systolic is above diastolic.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from edgejson_bench.generation.complex_medical_cases import CASES, Case, Diagnosis
from edgejson_bench.generation.complex_parts import PLACES, Place, person, phone, street, thin
from edgejson_bench.generation.values import TOP_LEVEL_OPTIONAL, Values, timestamp
from edgejson_bench.records import JsonObject

CLINICS = ("{city} Family Health Center", "{city} Medical Group", "Cedar Grove Clinic", "Northgate Health Partners")
HOSPITALS = ("{city} General Hospital", "St. Luke's Hospital {city}", "Lakeside Medical Center")
INSURERS = (("Aetna", "W#########"), ("Cigna", "U########"), ("UnitedHealthcare", "9########"), ("Humana", "H########"),
            ("Blue Cross Blue Shield", "XYA#########"))  # fmt: skip
"""(insurer, shape of a member's policy number)"""
NOUNS = {"female": "woman", "male": "man", "prefer_not_to_say": "patient"}
PHARMACIES = ("CVS Pharmacy", "Walgreens", "Rite Aid", "Costco Pharmacy", "Main Street Pharmacy", "Corner Drug")


def medical_encounter(v: Values) -> JsonObject:
    """One visit during office hours."""
    case, place = v.deal("case", CASES), v.pick(PLACES)
    visit = v.moment().replace(
        hour=v.integer(15, 22), minute=5 * v.integer(0, 11), second=0
    )  # daytime anywhere in the US
    sex = v.pick(case.sexes)
    gender = "prefer_not_to_say" if v.maybe(0.04) else sex
    age = v.integer(*case.ages)
    who = f"{age}-year-old {NOUNS[gender]}"
    encounter = {
        "encounter_id": v.code("ENC-######"),
        "visit_date": timestamp(visit),
        "facility": _facility(v, case, place),
        "patient": _patient(v, visit, age, sex, gender),
        "provider": _provider(v, case, place),
        "chief_complaint": case.complaint,
        "vitals": _vitals(v, case, sex),
        "history_of_present_illness": v.pick(case.history).format(who=who, n=v.integer(*case.days)),
        "physical_examination": v.pick(case.exam),
        "lab_orders": _labs(v, case, visit),
        "diagnoses": _diagnoses(v, case),
        "medications": _medications(v, case, place),
        "follow_up": _follow_up(v, case),
    }
    required = ("encounter_id", "visit_date", "patient", "provider", "chief_complaint", "diagnoses")
    return thin(v, encounter, required, TOP_LEVEL_OPTIONAL)


def _facility(v: Values, case: Case, place: Place) -> JsonObject:
    address = {
        "street": street(v),
        "city": place.city,
        "state": place.state,
        "zip_code": place.postal_code,
    }
    facility = {
        "facility_name": v.pick(HOSPITALS if case.specialty == "Emergency Medicine" else CLINICS).format(
            city=place.city
        ),
        "facility_id": v.code("FAC-####"),
        "address": thin(v, address),
    }
    return thin(v, facility)


def _patient(v: Values, visit: datetime, age: int, sex: str, gender: str) -> JsonObject:
    # Between the birthday that made the patient this old and the day before the next one.
    born = visit.date() - timedelta(days=int(age * 365.25) + v.integer(2, 362))
    first = v.faker.first_name_female() if sex == "female" else v.faker.first_name_male()
    insurer, policy = ("Medicare", "#??#-??#-??##") if age >= 65 else v.pick(INSURERS)
    insurance = {
        "provider": insurer,
        "policy_number": v.code(policy),
        "group_number": None if insurer == "Medicare" else v.code("GRP-#####"),
    }
    patient = {
        "patient_id": v.code("PT-######"),
        "name": f"{first} {v.faker.last_name()}",
        "date_of_birth": born.isoformat(),
        "gender": gender,
        "medical_record_number": v.code("MRN########"),
        "insurance": thin(v, insurance, keep=("provider",)),
    }
    return thin(v, patient, keep=("patient_id", "name", "date_of_birth"))


def _provider(v: Values, case: Case, place: Place) -> JsonObject:
    provider = {
        "provider_id": v.code("PRV-####"),
        "name": f"Dr. {person(v)}",
        "specialty": case.specialty,
        "license_number": f"{place.state}-MD{v.code('######')}",
    }
    return thin(v, provider, keep=("provider_id", "name"))


def _vitals(v: Values, case: Case, sex: str) -> JsonObject:
    height = v.number(154, 176, 0) if sex == "female" else v.number(166, 191, 0)
    weight = round(v.number(*case.bmi, 2) * (height / 100) ** 2, 1)
    systolic = v.integer(*case.systolic)
    vitals = {
        "blood_pressure_systolic": systolic,
        "blood_pressure_diastolic": round(systolic * v.number(0.58, 0.66, 3)),
        "heart_rate": v.integer(*case.heart_rate),
        "temperature": v.number(*case.temperature, 1),
        "respiratory_rate": v.integer(*case.respiratory_rate),
        "oxygen_saturation": v.integer(*case.saturation),
        "height_cm": int(height),
        "weight_kg": weight,
        "bmi": round(weight / (height / 100) ** 2, 1),
    }
    return thin(v, vitals)


def _labs(v: Values, case: Case, visit: datetime) -> list[JsonObject]:
    orders = []
    for name, code in v.sample(case.labs, min(2, len(case.labs)), 3) if case.labs else []:
        order = {
            "test_name": name,
            "test_code": code,
            "priority": v.pick(("urgent", "stat")) if case.urgent else "routine",
            "ordered_timestamp": timestamp(visit + timedelta(minutes=v.integer(12, 50))),
        }
        orders.append(thin(v, order, keep=("test_name",)))
    return orders


def _diagnoses(v: Values, case: Case) -> list[JsonObject]:
    chosen: list[tuple[Diagnosis, str]] = [(case.primary, "primary")]
    chosen += [(diagnosis, "secondary") for diagnosis in case.secondary if v.maybe(0.7)]
    if case.differential and v.maybe(0.4):
        chosen.append((case.differential, "differential"))
    return [
        thin(
            v,
            {
                "icd10_code": diagnosis.code,
                "diagnosis_name": diagnosis.name,
                "diagnosis_type": kind,
                "notes": diagnosis.note,
            },
            keep=("icd10_code", "diagnosis_name"),
        )
        for diagnosis, kind in chosen
    ]


def _medications(v: Values, case: Case, place: Place) -> list[JsonObject]:
    pharmacy = thin(v, {"pharmacy_name": v.pick(PHARMACIES), "phone": phone(v, place)}, keep=("pharmacy_name",))
    chosen = case.medications if v.maybe(0.8) else case.medications[:1]
    return [
        thin(
            v,
            {
                "medication_name": medication.name,
                "dosage": medication.dosage,
                "frequency": medication.frequency,
                "duration": medication.duration,
                "instructions": medication.instructions,
                "pharmacy": pharmacy,
            },
            keep=("medication_name", "dosage", "frequency"),
        )
        for medication in chosen
    ]


def _follow_up(v: Values, case: Case) -> JsonObject:
    referral: JsonObject | None = None
    if case.referral:
        specialty, reason = case.referral
        referral = thin(
            v,
            {"specialty": specialty, "reason": reason, "urgency": "urgent" if case.urgent else "routine"},
            keep=("specialty",),
        )
    follow_up = {
        "recommended_in_days": v.pick(case.follow_up_days),
        "instructions": case.advice,
        "specialist_referral": referral,
    }
    return thin(v, follow_up)
