"""Reads questions of general knowledge, which the seeds do not answer. Knows no search.

MKQA (Longpre et al. 2021): what people asked a search engine, translated. QALD-9-plus
(Perevalov et al. 2022): questions over Wikidata, in Ukrainian, Belarusian and Lithuanian too.
None is about anything that the seeds say.
"""

from __future__ import annotations

from pathlib import Path

from qa.evaluation.compressed import rows
from qa.evaluation.questions import Question

SOURCES = ("mkqa", "qald")
LANGUAGES = ("ar", "be", "de", "en", "es", "ja", "lt", "ru", "tr", "uk", "zh")


def present(dev: Path) -> list[str]:
    """Those of SOURCES that are in this folder."""
    return [source for source in SOURCES if _file(dev, source).is_file()]


def questions(dev: Path) -> dict[str, list[Question]]:
    """Questions by language, of every source that is there; languages without any are left out."""
    found: dict[str, list[Question]] = {language: [] for language in LANGUAGES}
    for source in present(dev):
        for row in rows(_file(dev, source)):
            for language in LANGUAGES:
                if text := row.get(language):
                    name = f"{source}-{row['id']}-{language}"
                    found[language].append(Question(name, text, language, kind="off_topic"))
    return {language: some for language, some in found.items() if some}


def _file(dev: Path, source: str) -> Path:
    return dev / source / "questions.jsonl.gz"
