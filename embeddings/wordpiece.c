/* Spells texts by a table of Unicode and cuts them into the pieces of a vocabulary.
 *
 * Called through ctypes by wordpiece.py, which says what each function is for. Does exactly what the
 * library `tokenizers` does by the rules of embeddings/training/vocabulary.py, or says that it cannot:
 * where marks would have to be put in order or composed with the letter before them.
 * Nothing here allocates or keeps state.
 */

#include <stdint.h>
#include <string.h>

#ifdef _WIN32
#define EXPORT __declspec(dllexport)
#else
#define EXPORT
#endif

#define CODES 0x110000
#define REPLACEMENT 0xfffd
#define RUN 60 /* letters of a word, at most: vocabulary.py bounds them */
#define GROUPS 20 /* of three digits that may follow */
#define YEAR 4 /* digits in a row that stay whole */
#define WIDEST 4 /* bytes of a letter in UTF-8 */
#define UNCUT (-1) /* a text that is left to the library */
#define BASIS 0xcbf29ce484222325u
#define PRIME 0x100000001b3u

/* What is known of a code point: the low half of its entry. spelling.py has the same. */
enum {
    LETTER = 1,       /* a letter or a mark */
    NUMBER = 2,
    UNSPACED = 4,     /* of a script that puts no spaces between words */
    ARABIC = 8,
    SIGN = 16,        /* stands alone */
    HARD = 32,        /* may compose with what is before it */
    NUKTA = 64,       /* does so with three letters only */
    TAKES_NUKTA = 128,
    APOSTROPHE = 256, /* dropped between Cyrillic letters */
    CYRILLIC_FIRST = 512,
    CYRILLIC_LAST = 1024,
    UNORDERED = 2048, /* a mark that is dropped, so that its order means nothing */
    COMBINING = 4096,
};

typedef struct {
    const uint16_t *pages;    /* (0x1100,) which page is for each 256 code points */
    const uint32_t *entries;  /* (pages, 256) flags | sequence << 16 */
    const uint8_t *classes;   /* (pages, 256, 2) combining classes of the first and the last that it becomes */
    const uint32_t *starts;   /* (sequences + 1,) */
    const uint32_t *letters;  /* the sequences, one after the other */
} spelling;

typedef struct {
    const uint8_t *bytes;     /* where the pieces stand, in UTF-8 */
    const uint32_t *starts;   /* (pieces,) of each */
    const uint8_t *lengths;   /* (pieces,) in bytes */
    const uint64_t *table;    /* (1 << bits,) half of the hash << 32 | piece + 1, or 0 */
    int64_t bits, longest;    /* bytes of the longest piece */
    int64_t unknown;
} vocabulary;

/* --- the vocabulary --- */

static uint64_t mixed(uint64_t hash)
{
    hash ^= hash >> 29;
    hash *= 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 32;
}

static int64_t found(const vocabulary *v, const uint8_t *piece, int64_t length, uint64_t hash)
{
    uint64_t mask = ((uint64_t)1 << v->bits) - 1;
    for (uint64_t at = hash & mask; v->table[at]; at = (at + 1) & mask)
        if (v->table[at] >> 32 == hash >> 32) {
            int64_t number = (int64_t)(uint32_t)v->table[at] - 1;
            if (v->lengths[number] == length && !memcmp(v->bytes + v->starts[number], piece, (size_t)length))
                return number;
        }
    return -1;
}

/* Reads "piece":number,"piece":number from `begin` to `end` of JSON. Returns how many it read, or -1 where it is
 * written in another way: with escapes or spaces, pieces too long, or numbers that are not 0 to pieces - 1. */
EXPORT int64_t index_pieces(const uint8_t *json, int64_t begin, int64_t end, int64_t pieces, uint32_t *starts,
                            uint8_t *lengths, uint64_t *table, int64_t bits)
{
    uint64_t mask = ((uint64_t)1 << bits) - 1;
    int64_t count = 0;
    for (int64_t at = begin; at < end; count++) {
        if (json[at++] != '"')
            return -1;
        int64_t start = at;
        uint64_t hash = BASIS;
        for (; at < end && json[at] != '"'; at++) {
            if (json[at] == '\\')
                return -1;
            hash = (hash ^ json[at]) * PRIME;
        }
        int64_t length = at - start, number = 0, digits = 0;
        if (at + 1 >= end || json[at + 1] != ':' || length > UINT8_MAX || start > UINT32_MAX)
            return -1;
        for (at += 2; at < end && json[at] >= '0' && json[at] <= '9' && digits < 9; at++, digits++)
            number = 10 * number + json[at] - '0';
        if (!digits || number >= pieces || lengths[number] || !length)
            return -1;
        if (at < end && json[at++] != ',')
            return -1;
        starts[number] = (uint32_t)start;
        lengths[number] = (uint8_t)length;
        hash = mixed(hash);
        uint64_t place = hash & mask;
        while (table[place])
            place = (place + 1) & mask;
        table[place] = hash >> 32 << 32 | (uint64_t)(number + 1);
    }
    return count;
}

/* Cuts a word of `size` letters, which end at `ends` bytes, always into the longest piece that fits. `cuts` says
 * after how many letters each ends. Returns how many; a word with a part that is in no piece is unknown. */
static int64_t cut(const vocabulary *v, const uint8_t *word, const int32_t *ends, int64_t size, uint32_t *ids,
                   int32_t *cuts)
{
    uint64_t hashes[RUN];
    int64_t count = 0;
    for (int64_t start = 0; start < size;) {
        int64_t begin = start ? ends[start - 1] : 0, number = -1, end = start, at = begin;
        uint64_t hash = BASIS;
        for (; end < size && ends[end] - begin <= v->longest; end++) {
            for (; at < ends[end]; at++)
                hash = (hash ^ word[at]) * PRIME;
            hashes[end] = mixed(hash);
        }
        for (; end > start; end--) {
            number = found(v, word + begin, ends[end - 1] - begin, hashes[end - 1]);
            if (number >= 0)
                break;
        }
        if (number < 0) {
            ids[0] = (uint32_t)v->unknown;
            cuts[0] = (int32_t)size;
            return 1;
        }
        ids[count] = (uint32_t)number;
        cuts[count++] = (int32_t)end;
        start = end;
    }
    return count;
}

static int64_t utf8(uint32_t letter, uint8_t *out)
{
    if (letter < 0x80) {
        out[0] = (uint8_t)letter;
        return 1;
    }
    int64_t size = letter < 0x800 ? 2 : letter < 0x10000 ? 3 : 4;
    for (int64_t at = size - 1; at; at--, letter >>= 6)
        out[at] = (uint8_t)(0x80 | (letter & 0x3f));
    out[0] = (uint8_t)((0xf00 >> size & 0xf0) | letter);
    return size;
}

/* A word of at most RUN letters. */
EXPORT int64_t cut_word(const vocabulary *v, const uint32_t *letters, int64_t size, uint32_t *ids, int32_t *cuts)
{
    uint8_t word[WIDEST * RUN];
    int32_t ends[RUN];
    int64_t bytes = 0;
    if (size > RUN)
        return UNCUT;
    for (int64_t i = 0; i < size; i++) {
        bytes += utf8(letters[i], word + bytes);
        ends[i] = (int32_t)bytes;
    }
    return cut(v, word, ends, size, ids, cuts);
}

/* --- spelling --- */

static int64_t place_of(const spelling *s, uint32_t code)
{
    return s->pages[code >> 8] * 256 + (int64_t)(code & 255);
}

static uint32_t entry_of(const spelling *s, uint32_t code)
{
    return s->entries[place_of(s, code < CODES ? code : REPLACEMENT)];
}

/* The letters that a text becomes, what is known of each, and which code point each is of. Returns how many, or
 * UNCUT when a mark would have to be moved or composed, or there is no room. */
static int64_t spelt(const spelling *s, const uint32_t *codes, int64_t size, int64_t room, uint32_t *letters,
                     uint8_t *kinds, int32_t *origins)
{
    int64_t count = 0;
    uint32_t before = 0, tail = 0;
    for (int64_t i = 0; i < size; i++) {
        uint32_t code = codes[i] < CODES ? codes[i] : REPLACEMENT;
        int64_t place = place_of(s, code);
        uint32_t entry = s->entries[place], lead = s->classes[2 * place];
        if (entry & HARD || (lead && tail > lead && !(entry & before & UNORDERED)) ||
            (entry & NUKTA && (tail || before & TAKES_NUKTA)))
            return UNCUT;
        int dropped = entry & APOSTROPHE && before & CYRILLIC_LAST && i + 1 < size &&
                      entry_of(s, codes[i + 1]) & CYRILLIC_FIRST;
        before = entry;
        tail = s->classes[2 * place + 1];
        if (dropped)
            continue;
        uint32_t sequence = entry >> 16;
        if (!sequence) {
            if (count == room)
                return UNCUT;
            letters[count] = code;
            kinds[count] = (uint8_t)entry;
            origins[count++] = (int32_t)i;
            continue;
        }
        for (uint32_t at = s->starts[sequence]; at < s->starts[sequence + 1]; at++) {
            if (count == room)
                return UNCUT;
            letters[count] = s->letters[at];
            kinds[count] = (uint8_t)entry_of(s, s->letters[at]);
            origins[count++] = (int32_t)i;
        }
    }
    return count;
}

/* How many letters from `at` are the Arabic article with what is written before it, cut off a word of three
 * letters or more: 0 when it is none. */
static int64_t article(const uint32_t *letters, const uint8_t *kinds, int64_t at, int64_t size)
{
    enum { WAW = 0x648, FA = 0x641, BA = 0x628, KAF = 0x643, ALEF = 0x627, LAM = 0x644 };
    for (int second = 0; second < 2; second++)
        for (int with = 1; with >= 0; with--) {
            int64_t here = at;
            if (with) {
                if (here >= size || (letters[here] != WAW && letters[here] != FA))
                    continue;
                here++;
            }
            for (int prefix = second ? 0 : 1; prefix >= 0; prefix--) {
                int64_t end = here;
                if (prefix) {
                    if (end >= size || (letters[end] != BA && letters[end] != KAF))
                        continue;
                    end++;
                }
                if (end + 5 > size || letters[end] != (second ? LAM : ALEF) || letters[end + 1] != LAM)
                    continue;
                if (kinds[end + 2] & kinds[end + 3] & kinds[end + 4] & ARABIC)
                    return end + 2 - at;
            }
        }
    return 0;
}

static int64_t run(const uint8_t *kinds, int64_t at, int64_t size, int mask, int kind, int64_t most)
{
    int64_t end = at;
    while (end < size && end - at < most && (kinds[end] & mask) == kind)
        end++;
    return end - at;
}

/* How many letters from `at` are a word: 0 where none begins. */
static int64_t word(const uint32_t *letters, const uint8_t *kinds, int64_t at, int64_t size, int64_t *digits_end)
{
    int kind = kinds[at];
    if (kind & ARABIC && !(at && kinds[at - 1] & LETTER)) {
        int64_t cut_off = article(letters, kinds, at, size);
        if (cut_off)
            return cut_off;
    }
    if (kind & NUMBER) {
        if (*digits_end <= at)
            *digits_end = at + run(kinds, at, size, NUMBER, NUMBER, size);
        int64_t left = *digits_end - at, first = (left - 1) % 3 + 1;
        if (left == YEAR && !(at && kinds[at - 1] & NUMBER))
            return YEAR;
        if ((left - first) / 3 <= GROUPS)
            return first;
    }
    if (kind & UNSPACED)
        return run(kinds, at, size, UNSPACED, UNSPACED, RUN);
    if (kind & LETTER)
        return run(kinds, at, size, LETTER | UNSPACED, LETTER, RUN);
    return kind & SIGN ? 1 : 0;
}

/* The pieces of n texts of `sizes` code points each, one after the other: their ids, their spans (pieces, 2) in code
 * points of their text, or none when `spans` is null, and how many there are in each, or UNCUT.
 * There is room for `spare` more pieces than code points in each text, and in letters, kinds and origins for `room`. */
EXPORT void cut_texts(const spelling *s, const vocabulary *v, const uint32_t *codes, const int64_t *sizes, int64_t n,
                      int64_t spare, int64_t room, uint32_t *letters, uint8_t *kinds, int32_t *origins, uint32_t *ids,
                      int64_t *spans, int64_t *counts)
{
    for (int64_t text = 0; text < n; codes += sizes[text], text++) {
        int64_t size = sizes[text], total = spelt(s, codes, size, room, letters, kinds, origins);
        int64_t count = 0, digits_end = 0, length;
        for (int64_t at = 0; at < total; at += length ? length : 1) {
            uint32_t some[RUN];
            int32_t cuts[RUN];
            length = word(letters, kinds, at, total, &digits_end);
            int64_t made = length ? cut_word(v, letters + at, length, some, cuts) : 0;
            if (made < 0 || count + made > size + spare) {
                total = UNCUT;
                break;
            }
            for (int64_t piece = 0; piece < made; piece++, count++) {
                ids[count] = some[piece];
                if (spans) {
                    spans[2 * count] = origins[at + (piece ? cuts[piece - 1] : 0)];
                    spans[2 * count + 1] = origins[at + cuts[piece] - 1] + 1;
                }
            }
        }
        counts[text] = total < 0 ? UNCUT : count;
        if (total < 0)
            continue;
        for (int64_t piece = 0; spans && piece < count; piece++) {
            int64_t limit = piece + 1 < count ? spans[2 * piece + 2] : size, *end = spans + 2 * piece + 1;
            while (*end < limit && entry_of(s, codes[*end]) & COMBINING)
                ++*end;
        }
        ids += count;
        spans = spans ? spans + 2 * count : spans;
    }
}
