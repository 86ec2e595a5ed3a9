//! Words that tell of somebody's health (G3).

use std::collections::BTreeSet;

/// Unambiguous words of diagnoses, treatments and their papers, in English and German, as whole words. An organisation makes
/// the list its own.
const TERMS: &[&str] = &[
    "abortion",
    "Abtreibung",
    "addiction",
    "AIDS",
    "Alzheimer",
    "anamnesis",
    "Anamnese",
    "antidepressant",
    "Antidepressivum",
    "Arbeitsunfähigkeitsbescheinigung",
    "Arztbrief",
    "autism",
    "Autismus",
    "Befundbericht",
    "biopsy",
    "Biopsie",
    "bipolar disorder",
    "bipolare Störung",
    "blood test results",
    "Blutbild",
    "Brustkrebs",
    "breast cancer",
    "cancer",
    "chemotherapy",
    "Chemotherapie",
    "cirrhosis",
    "dementia",
    "Demenz",
    "Depression",
    "diabetes",
    "diagnosis",
    "Diagnose",
    "Dialyse",
    "dialysis",
    "discharge summary",
    "Entlassungsbericht",
    "epilepsy",
    "Epilepsie",
    "Fehlgeburt",
    "Genbefund",
    "Geschlechtskrankheit",
    "Hepatitis",
    "Herzinfarkt",
    "HIV",
    "hospitalised",
    "hospitalized",
    "infertility",
    "insulin",
    "Krankenakte",
    "Krankschreibung",
    "Krebs",
    "Leukämie",
    "leukaemia",
    "leukemia",
    "medical history",
    "medical record",
    "metastases",
    "Metastasen",
    "miscarriage",
    "MRI scan",
    "MRT",
    "multiple sclerosis",
    "multiple Sklerose",
    "myocardial infarction",
    "oncology",
    "Onkologie",
    "Parkinson",
    "pathology report",
    "Patientenakte",
    "Pflegegrad",
    "pregnancy",
    "pregnant",
    "prescription",
    "prognosis",
    "psychiatric",
    "psychiatrisch",
    "Psychotherapie",
    "psychotherapy",
    "rehabilitation clinic",
    "Rezept",
    "schizophrenia",
    "Schizophrenie",
    "schwanger",
    "Schwangerschaft",
    "Schwerbehinderung",
    "sick note",
    "Strahlentherapie",
    "substance abuse",
    "Suizidversuch",
    "suicide attempt",
    "surgery",
    "syphilis",
    "tuberculosis",
    "Tuberkulose",
    "tumor",
    "tumour",
];

/// What the policy starts from (G3).
#[must_use]
pub fn health_terms() -> BTreeSet<String> {
    TERMS.iter().map(|term| (*term).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::is_term;

    /// G3: every entry can be found, and none stands there twice.
    #[test]
    fn the_list_is_well_formed() {
        assert_eq!(health_terms().len(), TERMS.len());
        assert!(TERMS.iter().all(|term| is_term(term)));
    }
}
