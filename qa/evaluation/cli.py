"""Evaluates a user's own questions: what ``fundstelle eval FILE`` does.

Knows nothing of flags; ``qa.cli`` translates them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from qa import console
from qa.collection import Collection
from qa.errors import FundstelleError, InvalidInput
from qa.evaluation.beir import load_beir
from qa.evaluation.dataset import TEMPLATES, load_questions
from qa.evaluation.questions import Question
from qa.evaluation.report import Report, questions_report
from qa.evaluation.run import ask, judge
from qa.evaluation.show import counting, show
from qa.evaluation.temporary import collection_of, named
from qa.files import FoundFile, discover, read_bytes
from qa.opening import existing
from qa.readers import read_document
from qa.settings import Settings
from qa.types import Document


def cli_eval(
    file: Path,
    *,
    settings: Settings,
    documents: Sequence[Path] = (),
    as_json: bool = False,
) -> Report:
    """Ask the questions of a file (see ``qa.evaluation.dataset``), judge and print.

    A folder is a test set in the format of BEIR and brings its own documents. Otherwise, with
    ``documents`` (files or folders), a collection of just these is made for the purpose and
    removed afterwards; without, the collection that ``settings`` name is asked as it is.
    Documents that cannot be read are named on standard error and left out.

    Raises:
        InvalidInput: the file cannot be read, or a quote is not in its document.
        NotFound: there is no collection to ask.
    """
    with console.Bar() as bar:
        if file.is_dir():
            test_set = load_beir(file)
            tick = counting(bar, "adding", len(test_set.documents))
            with collection_of(named(test_set.documents), settings, tick) as (collection, refused):
                console.show_refused(refused)
                report = evaluate(collection, test_set.questions, file.name, bar)
        elif documents:
            found = list(discover(documents))
            tick = counting(bar, "adding", len(found))
            with collection_of(_read(found, settings), settings, tick) as (collection, refused):
                console.show_refused(refused)
                report = evaluate(collection, load_questions(file, collection.text), file.name, bar)
        else:
            with existing(**settings.model_dump()) as collection:
                report = evaluate(collection, load_questions(file, collection.text), file.name, bar)
    show(report, as_json=as_json)
    return report


def template(kind: str = "csv") -> str:
    """An example of a questions file, ``csv`` or ``jsonl``, over the documents shipped."""
    if kind not in TEMPLATES:
        raise InvalidInput(f"There is no {kind!r} template; there are {', '.join(TEMPLATES)}.")
    return TEMPLATES[kind].read_text(encoding="utf-8")


def evaluate(
    collection: Collection, questions: Sequence[Question], title: str, bar: console.Bar
) -> Report:
    """Ask and judge questions over a collection."""
    tick = counting(bar, title, 2 * len(questions))
    judged = list(judge(collection, questions, tick=tick))
    asked = list(ask(collection, questions, tick=tick))
    bar.hide()
    return questions_report(title, judged, asked)


def _read(
    found: Iterable[FoundFile], settings: Settings
) -> Iterator[tuple[str, Document | FundstelleError]]:
    for file in found:
        try:
            data = read_bytes(file, settings.max_upload_bytes)
            yield file.source, read_document(data, file.name, source=file.source)
        except FundstelleError as error:
            yield file.source, error
