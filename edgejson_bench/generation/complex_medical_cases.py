"""Sixteen everyday outpatient presentations: what is said, found, ordered, coded and prescribed. Vocabulary only.

Codes are ICD-10-CM for diagnoses and CPT for laboratory tests; doses are usual adult ones.
"""

# ruff: noqa: E501 (a row of vocabulary reads best on one line)

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """An ICD-10-CM code, its name, and what a clinician might note beside it."""

    code: str
    name: str
    note: str


@dataclass(frozen=True, slots=True)
class Medication:
    """A prescription."""

    name: str
    dosage: str
    frequency: str
    duration: str
    instructions: str


@dataclass(frozen=True, slots=True)
class Case:
    """One presentation, with everything that must fit together."""

    specialty: str
    complaint: str
    history: tuple[str, ...]
    """``{who}`` is age and sex, ``{n}`` a number of days in ``days``."""
    days: tuple[int, int]
    exam: tuple[str, ...]
    primary: Diagnosis
    secondary: tuple[Diagnosis, ...]
    differential: Diagnosis | None
    labs: tuple[tuple[str, str], ...]
    """(test, CPT code)"""
    medications: tuple[Medication, ...]
    follow_up_days: tuple[int, ...]
    advice: str
    referral: tuple[str, str] | None
    """(specialty, reason)"""
    ages: tuple[int, int] = (20, 70)
    sexes: tuple[str, ...] = ("female", "male")
    systolic: tuple[int, int] = (108, 134)
    heart_rate: tuple[int, int] = (60, 88)
    temperature: tuple[float, float] = (36.4, 37.1)
    respiratory_rate: tuple[int, int] = (12, 17)
    saturation: tuple[int, int] = (96, 100)
    bmi: tuple[float, float] = (19.5, 31.0)
    urgent: bool = False


CBC = ("Complete blood count with differential", "85025")
BMP = ("Basic metabolic panel", "80048")
LIPIDS = ("Lipid panel", "80061")
TSH = ("Thyroid stimulating hormone", "84443")
A1C = ("Hemoglobin A1c", "83036")
CRP = ("C-reactive protein", "86140")

CASES = (
    Case(
        "Family Medicine", "Sore throat and fever",
        ("{who} with {n} days of sore throat, painful swallowing and fever. No cough or runny nose. A coworker had strep throat last week.",
         "{who} reports throat pain for {n} days, worse on swallowing, with chills and swollen neck glands. Denies cough."),
        (2, 4),
        ("Tonsils enlarged with white exudate; tender anterior cervical nodes; lungs clear.",),
        Diagnosis("J02.0", "Streptococcal pharyngitis", "Rapid antigen test positive."),
        (), Diagnosis("J03.90", "Acute tonsillitis, unspecified", "Less likely with a positive antigen test."),
        (("Rapid strep A antigen", "87880"), ("Throat culture", "87070")),
        (Medication("Amoxicillin", "500 mg", "twice daily", "10 days", "Finish the whole course even if you feel better."),
         Medication("Ibuprofen", "400 mg", "every 6 hours as needed", "5 days", "Take with food.")),
        (7, 10, 14), "Return sooner if you cannot swallow fluids or have trouble breathing.", None,
        ages=(19, 48), heart_rate=(88, 106), temperature=(38.1, 39.2),
    ),
    Case(
        "Internal Medicine", "High home blood pressure readings",
        ("{who} with home readings around 150/95 over the past {n} days. No chest pain, headache or visual change. High salt intake, no regular exercise.",
         "{who} seen for elevated blood pressure found at a pharmacy kiosk {n} days ago. Feels well. Father had hypertension."),
        (14, 40),
        ("Regular rate and rhythm, no murmur; lungs clear; no ankle edema.",),
        Diagnosis("I10", "Essential (primary) hypertension", "Above goal on repeated office readings."),
        (Diagnosis("E78.5", "Hyperlipidemia, unspecified", "LDL above target at last check."),), None,
        (BMP, LIPIDS, ("Urine albumin, quantitative", "82043")),
        (Medication("Lisinopril", "10 mg", "once daily", "90 days", "Rise slowly from sitting; report a dry cough."),
         Medication("Atorvastatin", "20 mg", "once daily at bedtime", "90 days", "Report unexplained muscle pain.")),
        (28, 30, 42), "Keep a log of morning and evening readings.", ("Cardiology", "Baseline evaluation of newly treated hypertension"),
        ages=(42, 74), systolic=(146, 168), bmi=(25.5, 33.5),
    ),
    Case(
        "Internal Medicine", "Diabetes follow-up",
        ("{who} with type 2 diabetes; fasting glucose 150 to 190 mg/dL over the last {n} days. Reports thirst and nocturia, no hypoglycemia.",
         "{who} returns for diabetes review. Missed several doses in the past {n} days. No foot ulcers, vision unchanged."),
        (14, 60),
        ("Feet without ulcers, monofilament sensation intact; abdomen soft; no edema.",),
        Diagnosis("E11.65", "Type 2 diabetes mellitus with hyperglycemia", "A1c above 8 percent at last visit."),
        (Diagnosis("E66.9", "Obesity, unspecified", "Nutrition counselling offered."),), None,
        (A1C, BMP, ("Urine albumin, quantitative", "82043")),
        (Medication("Metformin", "1000 mg", "twice daily", "90 days", "Take with breakfast and dinner."),
         Medication("Empagliflozin", "10 mg", "once daily in the morning", "90 days", "Drink enough water; stop during vomiting illness.")),
        (30, 60, 90), "Bring your glucose log and meter.", ("Ophthalmology", "Annual dilated eye examination in diabetes"),
        ages=(40, 72), systolic=(126, 146), bmi=(31.0, 37.5),
    ),
    Case(
        "Emergency Medicine", "Cough with fever and shortness of breath",
        ("{who} with {n} days of productive cough, fever, chills and right-sided pleuritic chest pain. No recent travel.",
         "{who} with cough for {n} days, now with rusty sputum and breathlessness on stairs. Never smoked."),
        (3, 7),
        ("Crackles and dullness at the right lung base; mild tachypnea; no leg swelling.",),
        Diagnosis("J18.9", "Pneumonia, unspecified organism", "Right lower lobe opacity on chest film."),
        (Diagnosis("E86.0", "Dehydration", "Mild; oral fluids encouraged."),), Diagnosis("J20.9", "Acute bronchitis, unspecified", "Considered before imaging."),
        (CBC, BMP, ("Blood culture, aerobic", "87040"), ("Procalcitonin", "84145")),
        (Medication("Amoxicillin-clavulanate", "875 mg/125 mg", "twice daily", "7 days", "Take at the start of a meal."),
         Medication("Azithromycin", "250 mg", "once daily", "5 days", "Take two tablets on the first day.")),
        (2, 3, 7), "Return at once for worsening breathlessness or confusion.", ("Pulmonology", "Repeat chest film if the cough lasts beyond six weeks"),
        ages=(35, 78), systolic=(102, 128), heart_rate=(96, 116), temperature=(38.3, 39.5), respiratory_rate=(21, 27), saturation=(91, 95), urgent=True,
    ),
    Case(
        "Family Medicine", "Burning on urination",
        ("{who} with {n} days of dysuria, frequency and lower abdominal pressure. No fever, flank pain or vaginal discharge.",),
        (2, 5),
        ("Mild suprapubic tenderness; no costovertebral angle tenderness.",),
        Diagnosis("N30.00", "Acute cystitis without hematuria", "Dipstick positive for nitrite and leukocytes."),
        (), Diagnosis("N34.2", "Other urethritis", "To be considered if the culture is negative."),
        (("Urinalysis with microscopy", "81001"), ("Urine culture", "87086")),
        (Medication("Nitrofurantoin", "100 mg", "twice daily", "5 days", "Take with food."),
         Medication("Phenazopyridine", "200 mg", "three times daily", "2 days", "Urine may turn orange.")),
        (3, 7), "Call if you develop fever, vomiting or back pain.", None,
        ages=(19, 55), sexes=("female",),
    ),
    Case(
        "Emergency Medicine", "Wheezing and chest tightness",
        ("{who} with known asthma and {n} days of wheeze and night cough after a cold. Rescue inhaler used six times a day.",
         "{who} with asthma, worse for {n} days since pollen season began. Sleeps upright. No fever."),
        (2, 5),
        ("Diffuse expiratory wheeze, prolonged expiration; speaks in full sentences.",),
        Diagnosis("J45.901", "Unspecified asthma with (acute) exacerbation", "Improved after two nebulizer treatments."),
        (Diagnosis("J30.2", "Other seasonal allergic rhinitis", "Continue daily antihistamine."),), None,
        (CBC, ("Total IgE", "82785")),
        (Medication("Albuterol HFA inhaler", "90 mcg, 2 puffs", "every 4 to 6 hours as needed", "30 days", "Use with a spacer."),
         Medication("Prednisone", "40 mg", "once daily in the morning", "5 days", "Take with food; do not stop early.")),
        (3, 5, 7), "Follow the asthma action plan; seek care if the inhaler helps less than 4 hours.", ("Pulmonology", "Second exacerbation within a year"),
        ages=(18, 52), heart_rate=(92, 114), respiratory_rate=(20, 26), saturation=(92, 95), urgent=True,
    ),
    Case(
        "Family Medicine", "Low back pain after lifting",
        ("{who} with {n} days of low back pain that began while lifting boxes. No leg weakness, numbness or bladder change.",
         "{who} with aching lumbar pain for {n} days, worse on bending, better lying down. No trauma or fever."),
        (3, 20),
        ("Paraspinal tenderness L3 to L5; straight leg raise negative; strength and reflexes normal.",),
        Diagnosis("M54.50", "Low back pain, unspecified", "No red flags; imaging not needed now."),
        (Diagnosis("M62.830", "Muscle spasm of back", "Heat and stretching advised."),), Diagnosis("M51.26", "Other intervertebral disc displacement, lumbar region", "Unlikely without leg symptoms."),
        (),
        (Medication("Naproxen", "500 mg", "twice daily", "10 days", "Take with food; avoid other pain relievers."),
         Medication("Cyclobenzaprine", "5 mg", "once daily at bedtime", "7 days", "May cause drowsiness; do not drive.")),
        (14, 21, 28), "Stay active; avoid lifting over 10 kg.", ("Physical Therapy", "Core strengthening and lifting technique"),
        ages=(24, 62),
    ),
    Case(
        "Neurology", "Recurrent one-sided headaches",
        ("{who} with throbbing left-sided headaches, 4 in the past {n} days, with nausea and light sensitivity. No aura.",
         "{who} with pulsating headaches lasting 8 to 24 hours, the latest {n} days ago. Screens and missed meals trigger them."),
        (10, 30),
        ("Cranial nerves intact, fundi normal, neck supple, gait steady.",),
        Diagnosis("G43.009", "Migraine without aura, not intractable, without status migrainosus", "Headache diary started."),
        (), Diagnosis("G44.209", "Tension-type headache, unspecified, not intractable", "Does not explain the nausea."),
        (TSH, CBC),
        (Medication("Sumatriptan", "50 mg", "once at onset, may repeat after 2 hours", "30 days", "No more than two tablets in 24 hours."),
         Medication("Propranolol", "40 mg", "twice daily", "60 days", "Do not stop suddenly.")),
        (42, 56, 60), "Bring the headache diary.", None,
        ages=(20, 49), sexes=("female", "female", "male"),
    ),
    Case(
        "Gastroenterology", "Heartburn and regurgitation",
        ("{who} with burning retrosternal pain after meals for {n} days, worse lying down. No weight loss or trouble swallowing.",
         "{who} with acid regurgitation most nights over {n} days. Antacids give short relief. Two coffees a day."),
        (20, 60),
        ("Abdomen soft, mild epigastric tenderness, no masses.",),
        Diagnosis("K21.9", "Gastro-esophageal reflux disease without esophagitis", "Trial of acid suppression."),
        (), Diagnosis("K30", "Functional dyspepsia", "Revisit if there is no response in 8 weeks."),
        (CBC, ("Helicobacter pylori stool antigen", "87338")),
        (Medication("Omeprazole", "20 mg", "once daily before breakfast", "8 weeks", "Swallow whole 30 minutes before eating."),),
        (56, 60), "Avoid late meals and raise the head of the bed.", ("Gastroenterology", "Upper endoscopy if symptoms persist"),
        ages=(28, 66), bmi=(24.0, 34.0),
    ),
    Case(
        "Endocrinology", "Fatigue and weight gain",
        ("{who} with tiredness, cold intolerance and constipation over {n} days; gained 4 kg. Mother has thyroid disease.",
         "{who} reports low energy and dry skin for {n} days with heavier periods. Sleep is adequate."),
        (40, 90),
        ("Dry skin, slow ankle reflexes, thyroid mildly enlarged without nodules.",),
        Diagnosis("E03.9", "Hypothyroidism, unspecified", "TSH 11.2 on outside laboratory report."),
        (Diagnosis("K59.00", "Constipation, unspecified", "Fiber and fluids advised."),), None,
        (TSH, ("Free thyroxine", "84439"), LIPIDS),
        (Medication("Levothyroxine", "50 mcg", "once daily on an empty stomach", "90 days", "Wait 30 minutes before coffee or food."),),
        (42, 45, 60), "Repeat TSH before the next visit.", None,
        ages=(26, 50), sexes=("female",), heart_rate=(52, 66), bmi=(25.0, 32.0),
    ),
    Case(
        "Psychiatry", "Constant worry and poor sleep",
        ("{who} with excessive worry about work and family for more than six months, worse in the last {n} days; restless, poor concentration. No suicidal thoughts.",),
        (14, 45),
        ("Alert, tense, speech normal, thought process linear; no psychotic signs.",),
        Diagnosis("F41.1", "Generalized anxiety disorder", "GAD-7 score 15."),
        (Diagnosis("G47.00", "Insomnia, unspecified", "Sleep hygiene reviewed."),), Diagnosis("F43.22", "Adjustment disorder with anxiety", "Symptoms predate the job change."),
        (TSH,),
        (Medication("Sertraline", "50 mg", "once daily in the morning", "30 days", "Effect takes 2 to 4 weeks."),
         Medication("Hydroxyzine", "25 mg", "once daily at bedtime as needed", "14 days", "May cause drowsiness.")),
        (14, 21, 28), "Call right away for thoughts of self-harm.", ("Psychology", "Cognitive behavioral therapy"),
        ages=(21, 55), heart_rate=(76, 98),
    ),
    Case(
        "Internal Medicine", "Fatigue and breathlessness on exertion",
        ("{who} with {n} days of fatigue, paleness and breathlessness on stairs. Heavy periods; eats little meat. No black stools.",),
        (21, 60),
        ("Pale conjunctivae, soft systolic flow murmur, lungs clear.",),
        Diagnosis("D50.0", "Iron deficiency anemia secondary to blood loss (chronic)", "Hemoglobin 9.6 g/dL."),
        (Diagnosis("N92.0", "Excessive and frequent menstruation with regular cycle", "Likely source of the iron loss."),), None,
        (CBC, ("Ferritin", "82728"), ("Iron binding capacity", "83550")),
        (Medication("Ferrous sulfate", "325 mg", "once every other day", "90 days", "Take with orange juice, not with milk or tea."),),
        (28, 30), "Repeat the blood count in four weeks.", ("Gynecology", "Evaluation of heavy menstrual bleeding"),
        ages=(20, 48), sexes=("female",), heart_rate=(84, 102),
    ),
    Case(
        "Urgent Care", "Red, swollen lower leg",
        ("{who} with {n} days of spreading redness and warmth of the left shin after an insect bite. Mild chills.",
         "{who} scraped the left leg while gardening {n} days ago; now painful, red and swollen. No drainage."),
        (2, 5),
        ("Left shin with warm, tender erythema 9 by 6 cm, no fluctuance; pulses intact.",),
        Diagnosis("L03.116", "Cellulitis of left lower limb", "Border marked with skin pen."),
        (), Diagnosis("I82.402", "Acute embolism and thrombosis of unspecified deep veins of left lower extremity", "Ultrasound if swelling worsens."),
        (CBC, CRP),
        (Medication("Cephalexin", "500 mg", "four times daily", "7 days", "Space doses evenly."),
         Medication("Acetaminophen", "650 mg", "every 6 hours as needed", "5 days", "No more than 3 g a day.")),
        (2, 3), "Return if the redness crosses the marked line.", None,
        ages=(30, 75), heart_rate=(82, 100), temperature=(37.6, 38.4),
    ),
    Case(
        "Urgent Care", "Twisted right ankle",
        ("{who} rolled the right ankle playing soccer {n} days ago. Able to take four steps. Swelling on the outer side.",
         "{who} missed a stair {n} days ago and turned the right ankle inward. Pain on walking, no numbness."),
        (2, 4),
        ("Swelling and bruising below the right lateral malleolus; no bony tenderness; stable to stress.",),
        Diagnosis("S93.401A", "Sprain of unspecified ligament of right ankle, initial encounter", "Ottawa rules negative; no film taken."),
        (), None,
        (),
        (Medication("Ibuprofen", "600 mg", "three times daily", "5 days", "Take with food."),
         Medication("Diclofenac 1 % gel", "2 g", "four times daily", "7 days", "Apply to the outer ankle; wash hands after.")),
        (10, 14), "Rest, ice, compression and elevation; bear weight as pain allows.", ("Physical Therapy", "Balance training after ankle sprain"),
        ages=(18, 45),
    ),
    Case(
        "Rheumatology", "Painful swollen big toe",
        ("{who} woke {n} days ago with severe pain and swelling of the right big toe after a seafood dinner. One similar attack last year.",),
        (2, 4),
        ("Right first metatarsophalangeal joint red, hot and very tender; no skin break.",),
        Diagnosis("M10.071", "Idiopathic gout, right ankle and foot", "Second flare within 12 months."),
        (Diagnosis("I10", "Essential (primary) hypertension", "Stable on current treatment."),), Diagnosis("M00.9", "Pyogenic arthritis, unspecified", "Aspirate if fever develops."),
        (("Uric acid", "84550"), BMP, CRP),
        (Medication("Colchicine", "0.6 mg", "twice daily", "7 days", "Stop if diarrhea occurs."),
         Medication("Allopurinol", "100 mg", "once daily", "90 days", "Start after the flare has settled.")),
        (14, 28), "Limit beer and organ meats; drink 2 liters of water a day.", None,
        ages=(42, 72), sexes=("male",), systolic=(128, 144), bmi=(26.0, 33.5),
    ),
    Case(
        "Cardiology", "Palpitations",
        ("{who} with {n} days of irregular, rapid heartbeat and mild lightheadedness. No chest pain or syncope.",
         "{who} noticed a fluttering heartbeat {n} days ago on a smartwatch alert. Tired on exertion; no leg swelling."),
        (2, 9),
        ("Irregularly irregular pulse, no murmur; lungs clear; no edema.",),
        Diagnosis("I48.91", "Unspecified atrial fibrillation", "Confirmed on 12-lead ECG."),
        (Diagnosis("I10", "Essential (primary) hypertension", "Treated for several years."),), None,
        (TSH, BMP, ("Magnesium", "83735")),
        (Medication("Apixaban", "5 mg", "twice daily", "90 days", "Do not skip doses; report unusual bleeding."),
         Medication("Metoprolol tartrate", "25 mg", "twice daily", "90 days", "Check your pulse before each dose.")),
        (7, 10, 14), "Go to the emergency department for fainting, chest pain or weakness on one side.", ("Cardiac Electrophysiology", "Rhythm control options"),
        ages=(55, 79), systolic=(122, 148), heart_rate=(104, 132), urgent=True,
    ),
)  # fmt: skip
