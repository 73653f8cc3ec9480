"""Turns pairs into training batches: sentences, dictionary entries, questions and passages.

Knows sampling weights and how pseudo-passages are joined. Knows nothing of vectors or losses.
A batch names texts; ``flatten`` looks up their tokens.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from embeddings.training.corpora import DICTIONARY, Pair
from embeddings.training.evaluate import Bags
from embeddings.training.names import SOURCE as NAMES

Ints = NDArray[np.int64]

# How often a pair of each source is drawn, relative to a Tatoeba sentence.
SOURCE_WEIGHT = {
    "tatoeba": 1.0,
    "tatoeba_pivot": 1.0,
    "mlqe": 4.0,
    "geneval": 4.0,
    "tico": 5.0,
    "gnome": 1.5,
    "www": 2.0,
    "sec101": 4.0,
    "osg": 4.0,
    "sdg": 4.0,
    "tldr": 1.0,
    "mkqa": 4.0,
    "bible": 1.0,
    DICTIONARY: 1.0,
    NAMES: 3.0,
}
LANGUAGE_POWER = (
    0.5  # a language with n weighted pairs is drawn in proportion to n ** LANGUAGE_POWER
)
THIN_LANGUAGE = {
    "be": 3.0,
    "hi": 1.8,
    "de": 1.5,
}  # Belarusian has the least data; German is asked for most
CLUSTER = 4  # neighbouring sentences a batch of questions draws together
MAX_QUESTION, MAX_PASSAGE = 24, 96  # tokens
SPLIT = 0.1  # share of the tokens that are read as smaller pieces


@dataclass(frozen=True, slots=True)
class Corpus:
    """All texts as token ids, and which texts translate each other.

    ``english`` and ``text`` (pairs,) index ``bags``; ``target`` (texts,) is the teacher's row of
    an English text or -1. The texts of all languages that share an English side, itself included,
    are ``group[group_starts[e]:group_starts[e + 1]]`` for the English text e.
    """

    bags: Bags
    english: Ints
    text: Ints
    target: Ints
    group: Ints
    group_starts: Ints
    sentences: Ints
    sentence_weights: NDArray[np.float64]
    entries: Ints
    entry_weights: NDArray[np.float64]
    block: Ints  # (pairs,) which source and language a pair comes from, as a number
    smaller: Bags  # each token as the smaller pieces it would fall into

    def flatten(self, texts: Ints) -> tuple[Ints, Ints]:
        """Token ids of the texts one after another, and for each the position in ``texts``."""
        lengths = self.bags.starts[texts + 1] - self.bags.starts[texts]
        owner = np.repeat(np.arange(len(texts)), lengths)
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return self.bags.flat[self.bags.starts[texts][owner] + within].astype(np.int64), owner


def _weights(pairs: Sequence[Pair], chosen: Ints) -> NDArray[np.float64]:
    """Drawing probabilities of the chosen pairs: by source, then tempered by language."""
    by_source = np.array([SOURCE_WEIGHT[pairs[i].source] for i in chosen])
    language = np.array([pairs[i].language for i in chosen])
    weights = np.zeros(len(chosen))
    for name in np.unique(language):
        here = language == name
        total = by_source[here].sum()
        share = total**LANGUAGE_POWER * THIN_LANGUAGE.get(str(name), 1.0)
        weights[here] = by_source[here] * share / total
    normalised: NDArray[np.float64] = weights / weights.sum()
    return normalised


def groups(english: Ints, text: Ints, count: int) -> tuple[Ints, Ints]:
    """For every text that is an English side: itself and its translations, as (members, starts)."""
    heads = np.unique(english)
    owner, member = np.concatenate([heads, english]), np.concatenate([heads, text])
    order = np.argsort(owner, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=count))])
    return member[order], starts


def assemble(
    pairs: Sequence[Pair], bags: Bags, place: dict[str, int], target: Ints, smaller: Bags
) -> Corpus:
    """A corpus of the pairs whose two sides have tokens; ``place`` maps a text to its bag."""
    english = np.array([place[p.english] for p in pairs])
    text = np.array([place[p.text] for p in pairs])
    lengths = np.diff(bags.starts)
    usable = (lengths[english] > 0) & (lengths[text] > 0)
    entry = np.array([p.source in {DICTIONARY, NAMES} for p in pairs])
    sentences, entries = np.flatnonzero(usable & ~entry), np.flatnonzero(usable & entry)
    names = [f"{p.language} {p.source}" for p in pairs]
    block = np.unique(names, return_inverse=True)[1].astype(np.int64)
    group, group_starts = groups(english[usable & ~entry], text[usable & ~entry], len(bags))
    return Corpus(
        bags,
        english,
        text,
        target,
        group,
        group_starts,
        sentences,
        _weights(pairs, sentences),
        entries,
        _weights(pairs, entries),
        block,
        smaller,
    )


def usage(corpus: Corpus, tokens: int) -> NDArray[np.float64]:
    """(tokens,) how often each is drawn in as many draws of either kind as there are pairs.

    Unlike how often it stands in the corpora, that does not count a language of little data less.
    """
    drawn = np.zeros(len(corpus.bags))
    for pairs, weights in (
        (corpus.sentences, corpus.sentence_weights),
        (corpus.entries, corpus.entry_weights),
    ):
        for side in (corpus.english, corpus.text):
            np.add.at(drawn, side[pairs], weights * len(corpus.english))
    each = np.repeat(drawn, np.diff(corpus.bags.starts))
    found: NDArray[np.float64] = np.bincount(
        corpus.bags.flat, weights=each, minlength=tokens
    ).astype(np.float64)
    return found


def reread(corpus: Corpus, kept: Ints) -> Corpus:
    """The corpus over the ``kept`` tokens alone, renumbered; each other one is its smaller pieces.

    ``kept`` ascends and holds the smaller pieces of all that are dropped, see ``pruning.kept``.
    Nearly what a tokenizer of the kept pieces reads: only where a dropped piece stood at the
    beginning or inside of a longer word, the rest of that word may be cut otherwise.
    """
    number = np.full(len(corpus.smaller), -1, dtype=np.int64)
    number[kept] = np.arange(len(kept))

    def read(bags: Bags) -> Bags:
        smaller = corpus.smaller
        counts = np.where(number[bags.flat] < 0, np.diff(smaller.starts)[bags.flat], 1)
        place = np.repeat(np.arange(len(bags.flat)), counts)
        begins = np.cumsum(counts) - counts
        tokens = bags.flat[place].astype(np.int64)
        within = np.arange(len(place)) - begins[place]
        parts = smaller.flat[smaller.starts[tokens] + within]
        flat = number[np.where(number[tokens] < 0, parts, tokens)]
        starts = np.concatenate([begins, [len(flat)]])[bags.starts]
        return Bags(flat.astype(np.int32), starts.astype(np.int64))

    lengths = np.diff(corpus.smaller.starts)[kept]
    owner = np.repeat(np.arange(len(kept)), lengths)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    within = np.arange(len(owner)) - starts[owner]
    flat = corpus.smaller.flat[corpus.smaller.starts[kept][owner] + within]
    return replace(corpus, bags=read(corpus.bags), smaller=read(Bags(flat, starts)))


class Sampler:
    """Draws batches, reproducibly. Cumulated weights make a draw cost O(log n)."""

    def __init__(self, corpus: Corpus, seed: int) -> None:
        """Keeps the corpus and a generator of its own."""
        self.corpus = corpus
        self.random = np.random.default_rng(seed)
        self._sentences = np.cumsum(corpus.sentence_weights)
        self._entries = np.cumsum(corpus.entry_weights)
        self._block = corpus.block[corpus.sentences]
        self._by_block = np.argsort(self._block, kind="stable")
        self._block_starts = np.concatenate([[0], np.cumsum(np.bincount(self._block))])

    def restart(self, *seed: int) -> None:
        """From here on, draws depend on ``seed`` alone and not on what was drawn before."""
        self.random = np.random.default_rng(seed)

    def _draw(self, cumulated: NDArray[np.float64], size: int) -> Ints:
        return np.minimum(np.searchsorted(cumulated, self.random.random(size)), len(cumulated) - 1)

    def entries(self, size: int) -> Ints:
        """Pairs (size,) from the dictionaries."""
        return self.corpus.entries[self._draw(self._entries, size)]

    def joined(self, size: int, longest: int, cluster: int = 1) -> tuple[Ints, Ints]:
        """Pseudo-passages: 1..longest sentence pairs of one source and language, as (pairs, owner).

        The corpora are sorted by their English side, so neighbours begin alike. The first pairs are
        drawn in clusters of neighbours, which are hard negatives of each other; the pairs joined to
        them are drawn from all of the source.
        """
        corpus, count = self.corpus, self.random.integers(1, longest + 1, size)
        seed = np.repeat(self._draw(self._sentences, size // cluster), cluster)
        near = np.minimum(
            seed + self.random.integers(0, 3 * cluster, size) * (cluster > 1),
            len(corpus.sentences) - 1,
        )
        first = np.where(self._block[near] == self._block[seed], near, seed)
        owner = np.repeat(np.arange(size), count)
        block = self._block[first][owner]
        begin, end = self._block_starts[block], self._block_starts[block + 1]
        place = self._by_block[
            begin + (self.random.random(len(owner)) * (end - begin)).astype(np.int64)
        ]
        place[np.cumsum(count) - count] = first
        return corpus.sentences[place], owner

    def questions(self, size: int, longest: int) -> tuple[Ints, Ints, Ints, Ints]:
        """Inverse cloze task: (English texts asked, question texts, passage texts, passage owners).

        A passage is 1..longest joined sentences in one language; its question is the first of them
        in any language that has it, English included. One passage in seven is read in English.
        """
        corpus = self.corpus
        pairs, owner = self.joined(size, longest, CLUSTER)
        asked = corpus.english[pairs[np.searchsorted(owner, np.arange(size))]]
        begin, end = corpus.group_starts[asked], corpus.group_starts[asked + 1]
        question = corpus.group[begin + (self.random.random(size) * (end - begin)).astype(np.int64)]
        read_english = self.random.random(size) < 1 / 7
        text = np.where(read_english[owner], corpus.english[pairs], corpus.text[pairs])
        return asked, question, text, owner

    def split(self, tokens: Ints, owner: Ints, share: float = SPLIT) -> tuple[Ints, Ints]:
        """Reads a random share of the tokens as smaller pieces.

        So the pieces of a word learn what it means, and forms that were never seen are understood.
        """
        smaller = self.corpus.smaller
        chosen = self.random.random(len(tokens)) < share
        counts = np.where(chosen, np.diff(smaller.starts)[tokens], 1)
        place = np.repeat(np.arange(len(tokens)), counts)
        within = np.arange(len(place)) - np.repeat(np.cumsum(counts) - counts, counts)
        pieces = smaller.flat[smaller.starts[tokens[place]] + within * chosen[place]]
        return np.where(chosen[place], pieces, tokens[place]).astype(np.int64), owner[place]

    def thin(self, tokens: Ints, owner: Ints, longest: int, keep: float) -> tuple[Ints, Ints]:
        """Keeps a random share, ``keep`` to 1, of each text's tokens: 1 to ``longest`` of them."""
        noise = self.random.random(len(tokens))
        order = np.lexsort((noise, owner))
        counts = np.bincount(owner)
        rank = np.arange(len(tokens)) - np.repeat(np.cumsum(counts) - counts, counts)
        share = self.random.uniform(keep, 1.0, len(counts))
        limit = np.clip(np.ceil(counts * share), 1, longest)
        kept = order[rank < limit[owner[order]]]
        kept.sort()
        return tokens[kept], owner[kept]
