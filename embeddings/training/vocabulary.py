"""Builds the tokenizer: spelling rules and a greedy (WordPiece) vocabulary of all languages.

Knows spelling and scripts. Knows nothing of vectors. The pieces are frequent words, stems and
subwords, counts being flattened within a language and balanced between them. They are matched
greedily, longest first: such a tokenizer loads four times as fast as a unigram model. Pieces carry
no mark for "inside a word", so that the parts of a German compound share their rows with whole
words.
"""

import json
import logging
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from tqdm import tqdm

from embeddings.training.corpora import Pair

UNKNOWN = "<unk>"
FLATTEN = 0.7  # a word counted c times in its language weighs c ** FLATTEN
WORDS_PER_LANGUAGE = 250_000  # weight of the largest language after balancing
BALANCE = 0.25  # 0: all languages weigh the same, 1: as their data
MAX_PIECE = 18  # characters
SUBWORDS = 0.15  # share of the vocabulary that byte-pair encoding chooses
STEMS = 0.125  # share that are stems
SHORTEST_STEM, LONGEST_ENDING = 5, 5  # characters
FAMILY = 3  # words that share a stem, at least
JOINED = 1000  # texts normalised in one call
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff]")

logger = logging.getLogger(__name__)

# Latin letters lose all marks but the diaeresis (which German and Turkish need): people type
# without them, and cognates meet. Marks of other scripts are kept: Hindi vowels are marks.
_LATIN_MARKS = Regex("(?<=[a-zA-Z]\u0308?)[\u0300-\u0307\u0309-\u036f]+")
_REPLACE = (
    ("ё", "е"),
    ("ß", "ss"),
    ("ı", "i"),
    ("ł", "l"),
    ("ø", "o"),
    ("đ", "d"),
    ("œ", "oe"),
    ("æ", "ae"),
    ("أ", "ا"),
    ("إ", "ا"),
    ("آ", "ا"),
    ("ى", "ي"),
)
_DROP = Regex(
    "[\u064b-\u0652\u0670\u0640\u00ad\u200b-\u200f\u2060\ufeff]"
    "|(?<=\\p{Cyrillic})['’ʼ`´](?=\\p{Cyrillic})"
)
# What the pattern below tells apart; the compiled tokenizer's table asks for the same.
LETTERS = r"\p{L}\p{M}"
UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}ー々"
SIGNS = r"\p{Sc}%°#+&"
# Groups of three digits from the right, so that 20000, 20.000 and 20,000 agree; four digits stay
# whole, being years. Letters and marks of one script run; signs that carry meaning stand alone.
# Runs are bounded: finding the pieces of a run takes the square of its length, and base64 is long.
# The Arabic article, with what is written before it, is cut off the word.
_TOKEN = Regex(
    rf"(?<![{LETTERS}])(?:[وف]?[بك]?ال|[وف]?لل)"
    r"(?=\p{Arabic}{3})"
    r"|(?<!\p{N})\p{N}{4}(?!\p{N})|\p{N}{1,3}(?=(?:\p{N}{3}){0,20}(?!\p{N}))"
    rf"|[{UNSPACED}]{{1,60}}"
    rf"|[[{LETTERS}]&&[^{UNSPACED}]]{{1,60}}"
    rf"|[{SIGNS}]"
)


def normalizer() -> normalizers.Normalizer:
    """Compatibility forms, lower case, spelling variants folded; offsets keep the original's."""
    return normalizers.Sequence(
        [
            *_composing(),
            normalizers.Replace(_DROP, ""),
            *(normalizers.Replace(old, new) for old, new in _REPLACE),
        ]
    )


def composed() -> normalizers.Normalizer:
    """The steps by which what a code point becomes can depend on those around it."""
    return normalizers.Sequence(_composing())


def _composing() -> list[normalizers.Normalizer]:
    return [
        normalizers.NFKD(),
        normalizers.Lowercase(),
        normalizers.Replace(_LATIN_MARKS, ""),
        normalizers.NFC(),
    ]


def pre_tokenizer() -> pre_tokenizers.PreTokenizer:
    """Words, numbers and a few signs; spaces and punctuation are dropped."""
    return pre_tokenizers.Split(_TOKEN, behavior="removed", invert=True)


def count_words(pairs: list[Pair]) -> dict[str, Counter[str]]:
    """Language -> how often each normalised word occurs, both sides of every pair."""
    texts: dict[str, list[str]] = {"en": list(dict.fromkeys(pair.english for pair in pairs))}
    for pair in pairs:
        texts.setdefault(pair.language, []).append(pair.text)
    rule, split = normalizer(), pre_tokenizer()
    counts: dict[str, Counter[str]] = {language: Counter() for language in texts}
    for language, every in tqdm(texts.items(), desc="words", unit="language"):
        # Joined, because a call costs ten times what a short text does. No word holds a line break.
        for first in range(0, len(every), JOINED):
            joined = rule.normalize_str("\n".join(every[first : first + JOINED]))
            counts[language].update(word for word, _ in split.pre_tokenize_str(joined))
    return counts


def balance(counts: dict[str, Counter[str]]) -> Counter[str]:
    """One count for all languages: flattened within each, balanced between them."""
    flat = {k: {w: n**FLATTEN for w, n in c.items()} for k, c in counts.items()}
    totals = {k: sum(c.values()) for k, c in flat.items()}
    largest = max(totals.values())
    joined: Counter[str] = Counter()
    for language, words in flat.items():
        share = WORDS_PER_LANGUAGE * (totals[language] / largest) ** BALANCE
        scale = share / totals[language]
        for word, weight in words.items():
            joined[word] += round(weight * scale + 0.5)
    return joined


def _repeated(counts: Counter[str]) -> Iterator[str]:
    for word, count in counts.items():
        yield " ".join([word] * count)


def required_pieces(counts: Counter[str]) -> list[str]:
    """Pieces that must exist: every character seen, single digits to 999 and the years."""
    characters = sorted({c for word in counts for c in word})
    numbers = [str(n) for n in range(1000)] + [
        f"{n:0{w}d}" for w in (2, 3) for n in range(10 ** (w - 1))
    ]
    return list(dict.fromkeys([*characters, *numbers, *(str(n) for n in range(1400, 2061))]))


def train(counts: Counter[str], size: int) -> tuple[list[str], range]:
    """The pieces, ``size`` of them, and which of them are there for being whole words.

    Row 0 is the unknown. Then come those required, then the subwords of a byte-pair encoding (for
    the parts of rare words, and for scripts without spaces), then the most frequent whole words,
    then stems of the others.
    """
    required = required_pieces(counts)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.BpeTrainer(
        vocab_size=len(required) + round(size * SUBWORDS),
        initial_alphabet=required[:0],
        min_frequency=3,
        max_token_length=MAX_PIECE,
        show_progress=True,
    )
    tokenizer.train_from_iterator(_repeated(counts), trainer, length=len(counts))
    subwords = [piece for piece in tokenizer.get_vocab() if len(piece) > 1]
    words = [
        word
        for word, _ in counts.most_common()
        if 1 < len(word) <= MAX_PIECE and not _UNSPACED.search(word)
    ]
    parts = list(dict.fromkeys([UNKNOWN, *required, *sorted(subwords)]))
    pieces = list(dict.fromkeys([*parts, *words]))
    first = pieces[: size - round(size * STEMS)]
    found = stems(counts, set(first), round(size * STEMS))
    logger.info(
        "%d required, %d subwords, %d whole words, %d stems",
        *(len(required), len(subwords), len(words), len(found)),
    )
    every = list(dict.fromkeys([*first, *found, *pieces[len(first) :]]))[:size]
    return every, range(len(parts), len(first))


def stems(counts: Counter[str], known: set[str], most: int) -> list[str]:
    """Beginnings of words that are no pieces, shared by several words, at most so many.

    A word of a language with many endings is seldom seen in all its forms. Cut greedily, a form
    that is not known falls into whatever it begins with; with its stem it falls into that and the
    ending. Each word that is not known votes for the stem of the largest family that leaves the
    least of it over.
    """
    families = Counter[str]()
    for word in counts:
        if word[0].isalpha() and not _UNSPACED.search(word):
            families.update(_beginnings(word))
    votes = Counter[str]()
    for word, count in counts.items():
        if word in known:
            continue
        matched = len(_longest_start(word, known))
        fit = {
            stem: families[stem] ** 0.5 * (len(stem) - matched)
            for stem in _beginnings(word)
            if len(stem) > matched and stem not in known and families[stem] >= FAMILY
        }
        if fit:
            votes[max(fit, key=lambda stem: (fit[stem], stem))] += count
    return [stem for stem, _ in votes.most_common(most)]


def _beginnings(word: str) -> list[str]:
    shortest = max(SHORTEST_STEM, len(word) - LONGEST_ENDING)
    return [word[:end] for end in range(shortest, min(len(word), MAX_PIECE + 1))]


def _longest_start(word: str, known: set[str]) -> str:
    ends = range(min(len(word), MAX_PIECE), 0, -1)
    return next((word[:end] for end in ends if word[:end] in known), "")


def stands_alone(piece: str) -> bool:
    """Whether it is the unknown, a single character or a number: like no other, and whole."""
    return piece == UNKNOWN or len(piece) == 1 or piece.isdecimal()


def smaller_pieces(pieces: list[str]) -> list[list[int]]:
    """For every piece the rows of those it falls into when it is not there itself.

    Greedily, longest first, as the tokenizer does. Single characters and numbers stay whole.
    """
    rows = {piece: row for row, piece in enumerate(pieces)}
    return [
        [row] if stands_alone(piece) else _greedy(piece, rows) or [row]
        for row, piece in enumerate(pieces)
    ]


def _greedy(piece: str, rows: dict[str, int]) -> list[int]:
    """The longest known starts, the first shorter than the piece; none if a character is not."""
    found: list[int] = []
    begin, end = 0, len(piece) - 1
    while begin < len(piece):
        if end == begin:
            return []
        row = rows.get(piece[begin:end])
        if row is None:
            end -= 1
        else:
            found.append(row)
            begin, end = end, len(piece)
    return found


def tokenizer_of(pieces: list[str]) -> Tokenizer:
    """The tokenizer with these pieces."""
    model = models.WordPiece(
        {piece: row for row, piece in enumerate(pieces)},
        unk_token=UNKNOWN,
        continuing_subword_prefix="",
        max_input_chars_per_word=10_000,
    )
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizer()
    tokenizer.pre_tokenizer = pre_tokenizer()
    return tokenizer


def save(pieces: list[str], path: Path) -> Tokenizer:
    """Writes a compact ``tokenizer.json`` and returns the tokenizer read back from it."""
    tokenizer = tokenizer_of(pieces)
    compact = json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False, separators=(",", ":"))
    path.write_text(compact, "utf-8")
    return Tokenizer.from_file(str(path))
