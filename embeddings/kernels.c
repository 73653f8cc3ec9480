/* The inner loops of a question, which numpy would make of many passes over memory.
 *
 * Plain C without Python's headers, called through ctypes by kernels.py, which says what each
 * function is for and sees to it that the arrays have the lengths expected here. Nothing here
 * allocates, keeps state or knows more than numbers.
 */

#define _XOPEN_SOURCE 700
#define _FILE_OFFSET_BITS 64

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <string.h>
#ifndef _WIN32
#include <unistd.h>
#endif

#ifdef _WIN32
#define EXPORT __declspec(dllexport)
#else
#define EXPORT
#endif

#define INLINE static inline __attribute__((always_inline))

/* A second version for processors with registers of 256 bits, chosen when the library is loaded. What
 * it computes must be the same to the last bit: whole numbers, or sums whose order is written down. */
#if !defined(WIDER) && defined(__x86_64__) && defined(__GLIBC__) && defined(__has_attribute)
#if __has_attribute(target_clones)
#define WIDER __attribute__((target_clones("avx2", "default")))
#endif
#endif
#ifndef WIDER
#define WIDER
#endif

#define LETTER_BITS 6
#define PIECE 4 /* letters */
#define LINE 64 /* bytes that memory is read by */
#define AHEAD 8 /* tokens */
#define SOON 4 /* vectors, or rows of weights */
#define LANES 16 /* sums that a sum is made of */
#define SIEVE_BITS 13
#define SIEVE (1 << SIEVE_BITS)

EXPORT int32_t kernels_version(void) { return 11; }

/* --- ragged arrays --- */

/* n parts of a source begin at `starts` and are as long as `lengths` say, or all equally long. Whoever reads
 * them returns how many it read: fewer where the next is not within the source. */

INLINE int outside(int64_t start, int64_t length, int64_t size)
{
    return start < 0 || length < 0 || start > size - length;
}

EXPORT int64_t gather(const uint8_t *source, int64_t size, int64_t n, const int64_t *starts, const int64_t *lengths,
                      int64_t width, uint8_t *out)
{
    for (int64_t i = 0; i < n; i++) {
        if (outside(starts[i], lengths[i], size))
            return i;
        memcpy(out, source + starts[i] * width, (size_t)(lengths[i] * width));
        out += lengths[i] * width;
    }
    return n;
}

/* Copies n parts of files, each from its start on, to where it begins in `out`, which is `size` long: from the address
 * that its file is mapped to, or by reading. Returns how many it has. Windows reads nothing without moving in the
 * file, so there that is none. */
EXPORT int64_t read_parts(const int32_t *handles, const int64_t *addresses, const int64_t *starts,
                          const int64_t *lengths, int64_t n, const int64_t *begins, uint8_t *out, int64_t size)
{
    for (int64_t i = 0; i < n; i++) {
        if (outside(begins[i], lengths[i], size))
            return i;
        if (addresses[i]) {
            memcpy(out + begins[i], (const uint8_t *)(intptr_t)addresses[i] + starts[i], (size_t)lengths[i]);
            continue;
        }
#ifndef _WIN32
        for (int64_t done = 0; done < lengths[i];) {
            ssize_t got = pread(handles[i], out + begins[i] + done, (size_t)(lengths[i] - done), starts[i] + done);
            if (got == 0 || (got < 0 && errno != EINTR))
                return i;
            done += got > 0 ? got : 0;
        }
#else
        if (lengths[i])
            return i;
#endif
    }
    return n;
}

/* A half-precision number. Shifted into place its exponent is 112 too small, which the product mends,
 * for subnormal numbers as well; that of what is not finite has to be set. */
INLINE float whole(uint16_t half)
{
    uint32_t bits = (uint32_t)(half & 0x7fff) << 13, scale_bits = 239u << 23;
    float value, scale;
    memcpy(&value, &bits, sizeof value);
    memcpy(&scale, &scale_bits, sizeof scale);
    value *= scale;
    memcpy(&bits, &value, sizeof value);
    bits |= (half & 0x7c00) == 0x7c00 ? 0x7f800000u : 0;
    bits |= (uint32_t)(half & 0x8000) << 16;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Inner products of n half-precision vectors, anywhere in the source, with one of single precision. */
WIDER EXPORT int64_t half_products(const uint16_t *source, int64_t size, int64_t n, const int64_t *starts,
                                   const float *vector, int64_t dim, float *out)
{
    for (int64_t i = 0; i < n; i++) {
        if (outside(starts[i], dim, size))
            return i;
        const uint16_t *halves = source + starts[i];
        float sums[LANES] = {0};
        if (i + SOON < n && !outside(starts[i + SOON], dim, size))
            for (int64_t at = 0; at < dim; at += LINE / 2)
                __builtin_prefetch(source + starts[i + SOON] + at);
        int64_t d = 0;
        for (; d + LANES <= dim; d += LANES)
            for (int64_t lane = 0; lane < LANES; lane++)
                sums[lane] += whole(halves[d + lane]) * vector[d + lane];
        for (; d < dim; d++)
            sums[d % LANES] += whole(halves[d]) * vector[d];
        for (int64_t width = LANES / 2; width; width /= 2)
            for (int64_t lane = 0; lane < width; lane++)
                sums[lane] += sums[lane + width];
        out[i] = sums[0];
    }
    return n;
}

EXPORT int64_t half_rows(const uint16_t *source, int64_t size, int64_t n, const int64_t *starts, int64_t dim,
                         float *out)
{
    for (int64_t i = 0; i < n; i++, out += dim) {
        if (outside(starts[i], dim, size))
            return i;
        for (int64_t d = 0; d < dim; d++)
            out[d] = whole(source[starts[i] + d]);
    }
    return n;
}

/* Of n records of 32-bit words, `sizes` long: their first `fields` words, into (fields, n), and the word
 * at which each of their parts begins, into (parts, n). A part is as many items of its width in bytes
 * as a field says, and begins at a whole word. Returns how many records are exactly as long as that. */
EXPORT int64_t records(const uint32_t *words, const int64_t *sizes, int64_t n, int64_t fields, int64_t parts,
                       const int64_t *counted, const int64_t *widths, int64_t *header, int64_t *starts)
{
    int64_t begin = 0;
    for (int64_t i = 0; i < n; begin += sizes[i], i++) {
        if (sizes[i] < fields)
            return i;
        for (int64_t field = 0; field < fields; field++)
            header[field * n + i] = words[begin + field];
        int64_t at = fields;
        for (int64_t part = 0; part < parts; part++) {
            starts[part * n + i] = begin + at;
            at += (header[counted[part] * n + i] * widths[part] + 3) / 4;
        }
        if (at != sizes[i])
            return i;
    }
    return n;
}

/* --- ids found among many values --- */

static uint32_t scattered(uint32_t value) { return value * 2654435761u; }

/* Fills a table of 1 << bits places (all of them -1 before) with the ids' numbers, and sets a bit for
 * each in SIEVE bits (all of them 0 before), where most values that are no id fall through. */
static void index_ids(const uint32_t *ids, int32_t m, int32_t *table, int32_t bits, uint64_t *sieve)
{
    uint32_t mask = (1u << bits) - 1;
    for (int32_t i = 0; i < m; i++) {
        uint32_t hash = scattered(ids[i]), at = hash >> (32 - bits), bit = hash >> (32 - SIEVE_BITS);
        sieve[bit / 64] |= (uint64_t)1 << bit % 64;
        while (table[at] >= 0)
            at = (at + 1) & mask;
        table[at] = i;
    }
}

INLINE int32_t number_of(uint32_t value, const uint32_t *ids, const int32_t *table, int32_t bits,
                         const uint64_t *sieve)
{
    uint32_t hash = scattered(value), mask = (1u << bits) - 1, at = hash >> (32 - bits);
    uint32_t bit = hash >> (32 - SIEVE_BITS);
    if (!(sieve[bit / 64] >> bit % 64 & 1))
        return -1;
    while (table[at] >= 0) {
        if (ids[table[at]] == value)
            return table[at];
        at = (at + 1) & mask;
    }
    return -1;
}

/* BM25 of n passages. A term's worth is idf * tf * (k1 + 1) / (tf + norm), the norm that of the passage in
 * the term's field, of (fields, n); a word of the question is worth as much as the best of its terms,
 * which are `terms[end of the word before : end]`. The ids are of (m,) terms. */
EXPORT int64_t term_scores(const uint32_t *source, int64_t size, const int64_t *starts, const int64_t *lengths,
                           const uint8_t *counts, int64_t counts_size, const int64_t *counts_at, int64_t n,
                           const uint32_t *ids, int32_t m, int32_t *table, int32_t bits, const double *idf,
                           const int64_t *fields, const double *norms, double k1, const int64_t *terms,
                           const int64_t *ends, int64_t words, double *worth, double *out)
{
    uint64_t sieve[SIEVE / 64] = {0};
    index_ids(ids, m, table, bits, sieve);
    for (int64_t i = 0; i < n; i++) {
        if (outside(starts[i], lengths[i], size) || outside(counts_at[i], lengths[i], counts_size))
            return i;
        memset(worth, 0, (size_t)m * sizeof(double));
        for (int64_t t = 0; t < lengths[i]; t++) {
            int32_t number = number_of(source[starts[i] + t], ids, table, bits, sieve);
            if (number < 0)
                continue;
            double count = counts[counts_at[i] + t];
            worth[number] = idf[number] * (count * (k1 + 1) / (count + norms[fields[number] * n + i]));
        }
        out[i] = 0;
        for (int64_t word = 0, term = 0; word < words; word++) {
            double best = 0;
            for (; term < ends[word]; term++)
                best = worth[terms[term]] > best ? worth[terms[term]] : best;
            out[i] += best;
        }
    }
    return n;
}

/* The same for pieces of four letters, six bits each, of which each is a word of the question. */
EXPORT int64_t piece_scores(const uint8_t *source, int64_t size, const int64_t *starts, const int64_t *lengths, int64_t n,
                            const uint32_t *ids, int32_t m, int32_t *table, int32_t bits, const double *idf,
                            const double *norms, double k1, int32_t *often, double *out)
{
    uint64_t sieve[SIEVE / 64] = {0};
    index_ids(ids, m, table, bits, sieve);
    for (int64_t i = 0; i < n; i++) {
        if (outside(starts[i], lengths[i], size))
            return i;
        const uint8_t *letters = source + starts[i];
        uint32_t piece = 0, mask = (1u << (LETTER_BITS * PIECE)) - 1;
        memset(often, 0, (size_t)m * sizeof(int32_t));
        for (int64_t t = 0; t < lengths[i]; t++) {
            piece = ((piece << LETTER_BITS) | letters[t]) & mask;
            int32_t number = t < PIECE - 1 ? -1 : number_of(piece, ids, table, bits, sieve);
            if (number >= 0)
                often[number]++;
        }
        out[i] = 0;
        for (int32_t number = 0; number < m; number++)
            out[i] += idf[number] * (often[number] * (k1 + 1) / (often[number] + norms[i]));
    }
    return n;
}

/* Writes the pieces of words as letters, each followed by a space, and returns how many bytes those
 * are. Each word has the code `mark` before and after it; one of a single letter ends in two. */
EXPORT int64_t spell_pieces(const uint8_t *letters, int64_t total, uint8_t mark, const uint8_t *alphabet, uint8_t *out)
{
    uint8_t *at = out;
    for (int64_t begin = 0, end; begin < total; begin = end + 1) {
        for (end = begin; end < total && letters[end] != mark; end++) {
        }
        if (end == begin || !begin || end == total)
            continue;
        int64_t last = end - begin > 1 ? end + 1 : end + 2;
        for (int64_t first = begin - 1; first + PIECE <= last && last <= total; first++) {
            for (int64_t i = 0; i < PIECE; i++)
                *at++ = alphabet[letters[first + i]];
            *at++ = ' ';
        }
    }
    return at - out;
}

/* CRC-32 of each character of a text in UTF-8, then of each pair of neighbours; returns how many. `table` says how
 * it goes on from byte to byte. What comes before the first character is left out. */
EXPORT int64_t character_ids(const uint8_t *text, int64_t size, const uint32_t *table, uint32_t *out)
{
    int64_t n = 0;
    for (int64_t i = 0; i < size; i++)
        n += (text[i] & 0xC0) != 0x80;
    uint32_t one = 0, pair = 0;
    for (int64_t i = 0, at = -1; i < size; i++) {
        if ((text[i] & 0xC0) != 0x80) {
            at++;
            pair = one;
            one = ~0u;
        }
        if (at < 0)
            continue;
        one = table[(one ^ text[i]) & 255] ^ (one >> 8);
        pair = table[(pair ^ text[i]) & 255] ^ (pair >> 8);
        out[at] = ~one;
        if (at > 0)
            out[n + at - 1] = ~pair;
    }
    return n > 0 ? 2 * n - 1 : 0;
}

/* By one byte after the other, from the lowest on; after the fourth they are where they were. */
static void sort_ids(uint32_t *ids, uint32_t *room, int64_t n)
{
    for (int32_t shift = 0; shift < 32; shift += 8) {
        int64_t first[257] = {0};
        for (int64_t i = 0; i < n; i++)
            first[(ids[i] >> shift & 255) + 1]++;
        for (int32_t value = 0; value < 256; value++)
            first[value + 1] += first[value];
        for (int64_t i = 0; i < n; i++)
            room[first[ids[i] >> shift & 255]++] = ids[i];
        uint32_t *other = ids;
        ids = room;
        room = other;
    }
}

/* What records say together: the distinct ids ascending, how often each comes, `most` at most; the letters, a mark
 * before them if there are any; and the sums of three lengths. Returns how many ids there are, or -1 where a record
 * is not within the source. A record is the three lengths, of which the first two count its ids; the number of its
 * letters; its ids; and its letters, filled up to whole words. */
EXPORT int64_t tally(const uint32_t *records, int64_t size, uint8_t mark, int32_t most, uint32_t *room, uint32_t *ids,
                     uint8_t *counts, uint8_t *letters, uint32_t *lengths, int64_t *spelt)
{
    int64_t total = 0, written = 0, distinct = 0;
    for (int64_t at = 0, next; at < size; at = next) {
        const uint32_t *head = records + at;
        if (size - at < 4)
            return -1;
        int64_t held = (int64_t)head[0] + head[1], words = ((int64_t)head[3] + 3) / 4;
        next = at + 4 + held + words;
        if (next > size)
            return -1;
        for (int32_t i = 0; i < 3; i++)
            lengths[i] += head[i];
        memcpy(ids + total, head + 4, (size_t)held * sizeof(uint32_t));
        total += held;
        if (head[3] && !written)
            letters[written++] = mark;
        memcpy(letters + written, head + 4 + held, head[3]);
        written += head[3];
    }
    sort_ids(ids, room, total);
    for (int64_t i = 0, next; i < total; i = next) {
        for (next = i + 1; next < total && ids[next] == ids[i]; next++) {
        }
        counts[distinct] = (uint8_t)(next - i < most ? next - i : most);
        ids[distinct++] = ids[i];
    }
    *spelt = written;
    return distinct;
}

/* --- a table of token vectors --- */

/* Which of the distinct values of all n parts, in order of first occurrence, each value is; returns how many
 * there are, or -1 where a part is not within the source, -2 where a value is not below the limit.
 * `column` has a place for each value that can be, all of them -1, and is left so. */
EXPORT int64_t distinct(const uint32_t *source, int64_t size, const int64_t *starts, const int64_t *lengths, int64_t n,
                        int32_t *column, int64_t limit, uint32_t *ids, int32_t *places)
{
    int64_t count = 0, wrong = 0;
    for (int64_t i = 0; i < n && !wrong; i++) {
        wrong = outside(starts[i], lengths[i], size) ? -1 : 0;
        for (int64_t t = 0; !wrong && t < lengths[i]; t++) {
            uint32_t value = source[starts[i] + t];
            wrong = value < limit ? 0 : -2;
            if (wrong)
                break;
            if (column[value] < 0) {
                ids[count] = value;
                column[value] = (int32_t)count++;
            }
            *places++ = column[value];
        }
    }
    for (int64_t i = 0; i < count; i++)
        column[ids[i]] = -1;
    return wrong ? wrong : count;
}

/* Adds `step` to the count of each value below `limit`, once for each of n parts that holds it. `last` has a place for
 * each of these values, all of them -1. Returns 0, or -1 where a part is not within the source. */
EXPORT int64_t count_once(const uint32_t *source, int64_t size, const int64_t *starts, const int64_t *lengths,
                          int64_t n, int32_t *last, int64_t limit, int32_t step, uint32_t *counts)
{
    for (int64_t i = 0; i < n; i++) {
        if (outside(starts[i], lengths[i], size))
            return -1;
        for (int64_t t = 0; t < lengths[i]; t++) {
            uint32_t value = source[starts[i] + t];
            if (value < limit && last[value] != (int32_t)i) {
                last[value] = (int32_t)i;
                counts[value] += (uint32_t)step;
            }
        }
    }
    return 0;
}

/* Inner products of two rows of bytes with (m, dim) vectors of 16-bit numbers, and of each with itself. Two
 * and four at a time, so that each number that is read is multiplied several times. */
INLINE void byte_products(const int8_t *first, const int8_t *second, int64_t dim, const int16_t *vectors, int64_t m,
                          int16_t *restrict wide, float *a, float *b, float *squares)
{
    const int16_t *p = wide, *q = wide + dim;
    int32_t square_p = 0, square_q = 0;
    int64_t j = 0;
    for (int64_t k = 0; k < dim; k++)
        wide[k] = first[k];
    for (int64_t k = 0; k < dim; k++)
        wide[dim + k] = second[k];
    for (int64_t k = 0; k < dim; k++) {
        square_p += p[k] * p[k];
        square_q += q[k] * q[k];
    }
    squares[0] = (float)square_p, squares[1] = (float)square_q;
    for (; j + 4 <= m; j += 4) {
        const int16_t *v = vectors + j * dim, *w = v + dim, *x = w + dim, *y = x + dim;
        int32_t pv = 0, pw = 0, px = 0, py = 0, qv = 0, qw = 0, qx = 0, qy = 0;
        for (int64_t k = 0; k < dim; k++) {
            pv += p[k] * v[k], qv += q[k] * v[k];
            pw += p[k] * w[k], qw += q[k] * w[k];
            px += p[k] * x[k], qx += q[k] * x[k];
            py += p[k] * y[k], qy += q[k] * y[k];
        }
        a[j] = (float)pv, a[j + 1] = (float)pw, a[j + 2] = (float)px, a[j + 3] = (float)py;
        b[j] = (float)qv, b[j + 1] = (float)qw, b[j + 2] = (float)qx, b[j + 3] = (float)qy;
    }
    for (; j < m; j++) {
        const int16_t *v = vectors + j * dim;
        int32_t pv = 0, qv = 0;
        for (int64_t k = 0; k < dim; k++)
            pv += p[k] * v[k], qv += q[k] * v[k];
        a[j] = (float)pv, b[j] = (float)qv;
    }
}

INLINE float float_products(const float *row, int64_t dim, const float *vectors, int64_t m, float *out)
{
    float square = 0;
    for (int64_t d = 0; d < dim; d++)
        square += row[d] * row[d];
    for (int64_t j = 0; j < m; j++, vectors += dim) {
        float sum = 0;
        for (int64_t d = 0; d < dim; d++)
            sum += row[d] * vectors[d];
        out[j] = sum;
    }
    return square;
}

/* Tokens lie anywhere in a table that no cache holds, so the rows of those to come are asked for early. */
INLINE void fetch(const void *rows, int64_t size, const int32_t *mapping, const float *weights, const uint32_t *ids,
                  int64_t i, int64_t n)
{
    if (i + 2 * AHEAD < n) {
        uint32_t later = ids[i + 2 * AHEAD];
        __builtin_prefetch(weights + later);
        if (mapping)
            __builtin_prefetch(mapping + later);
    }
    if (i + AHEAD < n) {
        uint32_t next = ids[i + AHEAD];
        const char *row = (const char *)rows + size * (mapping ? mapping[next] : (int64_t)next);
        for (int64_t at = 0; at < size; at += LINE)
            __builtin_prefetch(row + at);
        __builtin_prefetch(row + size - 1);
    }
}

/* The products of a token with m others made cosines; returns the highest that counts. */
INLINE float cosines(float *restrict out, float scale, const float *units, const uint32_t *others, const float *counting,
                     int64_t m, uint32_t id, float most)
{
    float itself = scale != 0 ? 1 : 0, highest = 0;
    for (int64_t j = 0; j < m; j++) {
        float cosine = out[j] * scale * units[j];
        cosine = cosine < most ? cosine : most;
        cosine = cosine > -1 ? cosine : -1;
        out[j] = others[j] == id ? itself : cosine;
    }
    for (int64_t j = 0; j < m; j++)
        highest = out[j] * counting[j] > highest ? out[j] * counting[j] : highest;
    return highest;
}

/* Cosines of (u,) tokens with (m, dim) vectors of others, into (u, m): at most `most`, but 1 where a
 * token meets itself; the length of each token's vector; and its highest cosine with any of those
 * others that count, or 0. A vector times its unit is of length 1; `wide` has room for two. */
WIDER EXPORT void compare(const void *rows, int32_t bytes, int64_t dim, const int32_t *mapping, const float *weights,
                          const uint32_t *ids, int64_t u, const void *vectors, const float *units,
                          const uint32_t *others, const float *counting, int64_t m, float most, int16_t *wide,
                          float *out, float *lengths, float *top)
{
    int64_t size = dim * (bytes ? 1 : (int64_t)sizeof(float));
    for (int64_t i = 0; i < u; i += 2, out += 2 * m) {
        int64_t next = i + 1 < u ? i + 1 : i; /* the last of an odd number is read twice */
        float squares[2], *after = out + (next - i) * m;
        fetch(rows, size, mapping, weights, ids, i, u);
        fetch(rows, size, mapping, weights, ids, next, u);
        int64_t first = mapping ? mapping[ids[i]] : (int64_t)ids[i];
        int64_t second = mapping ? mapping[ids[next]] : (int64_t)ids[next];
        if (bytes) {
            const int8_t *table = (const int8_t *)rows;
            byte_products(table + first * dim, table + second * dim, dim, vectors, m, wide, out, after, squares);
        } else {
            const float *table = (const float *)rows;
            squares[0] = float_products(table + first * dim, dim, vectors, m, out);
            squares[1] = float_products(table + second * dim, dim, vectors, m, after);
        }
        for (int64_t each = i; each <= next; each++) {
            float weight = weights[ids[each]], norm = sqrtf(squares[each - i]);
            float scale = norm > 0 && weight != 0 ? (weight > 0 ? 1 : -1) / norm : 0;
            lengths[each] = norm * fabsf(weight);
            top[each] = cosines(out + (each - i) * m, scale, units, others, counting, m, ids[each], most);
        }
    }
}

/* The sum of the rows of (n,) tokens, each times its weight, into (dim,). */
WIDER EXPORT void weighted_sum(const void *rows, int32_t bytes, int64_t dim, const int32_t *mapping,
                               const float *weights, const uint32_t *ids, int64_t n, float *restrict out)
{
    memset(out, 0, (size_t)dim * sizeof(float));
    for (int64_t i = 0; i < n; i++) {
        fetch(rows, dim * (bytes ? 1 : (int64_t)sizeof(float)), mapping, weights, ids, i, n);
        int64_t place = mapping ? mapping[ids[i]] : (int64_t)ids[i];
        float weight = weights[ids[i]];
        if (bytes)
            for (int64_t d = 0; d < dim; d++)
                out[d] += weight * (float)((const int8_t *)rows)[place * dim + d];
        else
            for (int64_t d = 0; d < dim; d++)
                out[d] += weight * ((const float *)rows)[place * dim + d];
    }
}

INLINE void raise_to(float *highest, const float *values, int64_t m)
{
    for (int64_t j = 0; j < m; j++)
        highest[j] = highest[j] > values[j] ? highest[j] : values[j];
}

/* The highest of `similar` over the tokens of a passage, or 0 without any. */
INLINE void highest_of(const float *similar, int64_t m, const int32_t *places, int64_t length, float *best)
{
    for (int64_t j = 0; j < m; j++)
        best[j] = length ? -1 : 0;
    for (int64_t t = 0; t < length; t++)
        raise_to(best, similar + places[t] * m, m);
}

/* --- late interaction with centroids --- */

/* What is told of a token of a passage: MARKS marks of a byte, each how well it meets one of the question's. */
#define MARKS 16
#define BEST 255
typedef uint8_t marks_of_token __attribute__((vector_size(MARKS)));

INLINE uint8_t mark_of(float cosine)
{
    float within = cosine > 0 ? cosine : 0;
    return (uint8_t)(int32_t)((within < 1 ? within : 1) * BEST + 0.5f);
}

/* The marks of k centroids, of which `coarse` has the cosines with m tokens of a question, then those of the rows
 * of a table that are nearest to the centroids `own` of these tokens: the centroid's, but for the token itself that
 * of the row. The rows nearest to a centroid are `members[begins[centroid] : begins[centroid + 1]]`. `homes` (k,), -1
 * before, gets where those of a centroid begin. Returns how many marks there are. */
WIDER EXPORT int64_t question_marks(const float *coarse, int64_t k, int64_t m, const int8_t *rows, int64_t dim,
                                    const int16_t *vectors, int64_t width, const float *units, const uint32_t *own,
                                    const int64_t *begins, const uint32_t *members, int32_t *homes, uint8_t *out)
{
    int64_t count = k;
    memset(out, 0, (size_t)(k * MARKS));
    for (int64_t i = 0; i < k; i++)
        for (int64_t j = 0; j < m; j++)
            out[i * MARKS + j] = mark_of(coarse[i * m + j]);
    for (int64_t j = 0; j < m; j++) {
        int64_t begin = begins[own[j]], end = begins[own[j] + 1];
        const int16_t *vector = vectors + j * width;
        if (homes[own[j]] < 0) {
            homes[own[j]] = (int32_t)count;
            for (int64_t t = begin; t < end; t++, count++)
                memcpy(out + count * MARKS, out + own[j] * MARKS, MARKS);
        }
        uint8_t *marks = out + homes[own[j]] * MARKS + j;
        for (int64_t t = begin; t < end; t++, marks += MARKS) {
            const int8_t *row = rows + members[t] * dim;
            int32_t product = 0, square = 0;
            if (t + AHEAD < end)
                for (int64_t at = 0; at < width; at += LINE)
                    __builtin_prefetch(rows + members[t + AHEAD] * dim + at);
            for (int64_t d = 0; d < width; d++) {
                product += row[d] * vector[d];
                square += row[d] * row[d];
            }
            *marks = square ? mark_of((float)product * units[j] / sqrtf((float)square)) : 0;
        }
    }
    return count;
}

/* Roughly the late interaction of n passages with a question. `nearest` tells each token of the vocabulary its
 * centroid, `numbers` which it is of those of that centroid. Where these have marks of their own, `homes` says where
 * they begin; elsewhere it is -1 and each has the marks of the centroid. A token of the question weighs its weight
 * times the logarithm of how few of these passages have a mark of `near` for it. `best` has room for (n, MARKS).
 * Returns n, or the first passage that is not within the source or has a token without marks. */
WIDER EXPORT int64_t rough_scores(const uint32_t *source, int64_t size, const int64_t *starts, const int64_t *lengths,
                                  int64_t n, const uint16_t *nearest, const uint16_t *numbers, int64_t vocabulary,
                                  const int32_t *homes, int64_t k, const uint8_t *marks, int64_t rows,
                                  const double *weights, int32_t near, uint8_t *best, double *out)
{
    int64_t often[MARKS] = {0};
    double worth[MARKS], total = 0;
    for (int64_t i = 0; i < n; i++) {
        if (outside(starts[i], lengths[i], size))
            return i;
        const uint32_t *tokens = source + starts[i];
        marks_of_token highest = {0}, own;
        for (int64_t t = 0; t < lengths[i]; t++) {
            if (tokens[t] >= vocabulary)
                return i;
            int64_t row = nearest[tokens[t]];
            if (row < k && homes[row] >= 0)
                row = (int64_t)homes[row] + numbers[tokens[t]];
            if (row >= rows)
                return i;
            memcpy(&own, marks + row * MARKS, MARKS);
            marks_of_token higher = (marks_of_token)(own > highest);
            highest = (own & higher) | (highest & ~higher);
        }
        for (int32_t j = 0; j < MARKS; j++)
            often[j] += highest[j] >= near;
        memcpy(best + i * MARKS, &highest, MARKS);
    }
    for (int32_t j = 0; j < MARKS; j++) {
        worth[j] = weights[j] > 0 ? weights[j] * log1p(1.0 / ((double)(often[j] + 1) / (double)n)) : 0;
        total += worth[j];
    }
    for (int64_t i = 0; i < n; i++) {
        out[i] = 0;
        for (int32_t j = 0; j < MARKS; j++)
            out[i] += worth[j] * best[i * MARKS + j];
        out[i] = total > 0 ? out[i] / (total * BEST) : 0;
    }
    return n;
}

EXPORT void highest(const float *similar, int64_t m, const int32_t *places, const int64_t *lengths, int64_t n, float *best)
{
    for (int64_t i = 0; i < n; places += lengths[i++], best += m)
        highest_of(similar, m, places, lengths[i], best);
}

/* The highest weighted sum of the best of `similar` in any window of a passage, which is two blocks of `step`
 * tokens that follow each other, and in any one block. The best in the whole goes into (m,); `blocks` has room
 * for two. */
INLINE double best_window(const float *similar, int64_t m, const int32_t *places, int64_t length, int64_t step,
                          const double *weights, float *best, float *blocks, double *in_one)
{
    float *last = blocks, *block = blocks + m;
    double found = 0;
    *in_one = 0;
    highest_of(similar, m, places, 0, best);
    for (int64_t begin = 0; begin < length; begin += step) {
        double sum = 0, alone = 0;
        highest_of(similar, m, places + begin, begin + step < length ? step : length - begin, block);
        for (int64_t j = 0; j < m; j++) {
            best[j] = begin && best[j] > block[j] ? best[j] : block[j];
            sum += weights[j] * (begin && last[j] > block[j] ? last[j] : block[j]);
            alone += weights[j] * block[j];
        }
        found = begin && found > sum ? found : sum;
        *in_one = begin && *in_one > alone ? *in_one : alone;
        float *before = last;
        last = block, block = before;
    }
    return found;
}

/* How well each of n passages, and what is around it, meets a question of m tokens, as nine rows of (n,):
 * the weighted sum of the best matches, weighed by `shares` and by `rare`; the best window by `rare`; the
 * shares of what is met at `same` or above, and at `covered`; the mean of `top` over the passage's tokens,
 * weighed by `sizes`; the best block by `rare`; and the sums by `rare` of the second and the fourth powers of
 * the passage's own best matches. What only the surroundings have counts by `around`. The tokens of all
 * surroundings come after those of all passages; `room` is for 4 * m. */
WIDER EXPORT void weigh(const float *similar, const float *sizes, const float *top, int64_t m, const int32_t *places,
                        const int64_t *lengths, int64_t n, int64_t step, const double *shares, const double *rare,
                        float same, float covered, float around, float *room, double *out)
{
    float *own = room, *other = room + m, *blocks = room + 2 * m;
    const int32_t *context = places;
    for (int64_t i = 0; i < n; i++)
        context += lengths[i];
    for (int64_t i = 0; i < n; i++) {
        double above = 0, below = 0, sums[9] = {0};
        sums[2] = best_window(similar, m, places, lengths[i], step, rare, own, blocks, sums + 6);
        highest_of(similar, m, context, lengths[n + i], other);
        for (int64_t j = 0; j < m; j++) {
            float more = other[j] - own[j], blended = own[j] + around * (more > 0 ? more : 0);
            sums[0] += shares[j] * blended;
            sums[1] += rare[j] * blended;
            sums[3] += own[j] >= same ? shares[j] : 0;
            sums[4] += blended >= covered ? shares[j] : 0;
            double square = own[j] > 0 ? (double)own[j] * own[j] : 0;
            sums[7] += rare[j] * square;
            sums[8] += rare[j] * square * square;
        }
        for (int64_t t = 0; t < lengths[i]; t++) {
            above += (double)top[places[t]] * sizes[places[t]];
            below += sizes[places[t]];
        }
        sums[5] = below > 0 ? above / below : 0;
        for (int64_t row = 0; row < 9; row++)
            out[row * n + i] = sums[row];
        places += lengths[i], context += lengths[n + i];
    }
}

/* The best for each of m tokens in that window of a passage where their weighted sum is highest, the first of
 * equals. `blocks` (count, m) has the best in each block of tokens; a window is `size` blocks, or all where there
 * are fewer, and the next begins `stride` blocks later. `window` is for (m,). */
INLINE void in_best_window(const float *blocks, int64_t m, int64_t count, int64_t size, int64_t stride,
                           const double *weights, float *restrict best, float *restrict window)
{
    double highest = 0;
    for (int64_t begin = 0; begin == 0 || begin + size - stride < count; begin += stride) {
        double sum = 0;
        memcpy(window, blocks + begin * m, (size_t)m * sizeof(float));
        for (int64_t block = begin + 1; block < begin + size && block < count; block++)
            raise_to(window, blocks + block * m, m);
        for (int64_t j = 0; j < m; j++)
            sum += weights[j] * window[j];
        if (begin == 0 || sum > highest) {
            highest = sum;
            memcpy(best, window, (size_t)m * sizeof(float));
        }
    }
}

/* What one token of a passage changes, when all after it are known: `soon` and `later` are how well the two after it
 * have the token that follows each in the question. */
INLINE void met_by(const float *restrict row, const float *restrict soon, const float *restrict later, int64_t m,
                   float at, float weight, float *restrict best, float *restrict second, float *restrict pair,
                   float *restrict place, float *restrict size)
{
    for (int64_t j = 0; j < m; j++) {
        float follows = soon[j] > later[j] ? soon[j] : later[j];
        float both = row[j] < follows ? row[j] : follows, top = best[j];
        float less = row[j] >= top ? top : row[j];
        pair[j] = pair[j] > both ? pair[j] : both;
        second[j] = second[j] > less ? second[j] : less;
        place[j] = row[j] >= top ? at : place[j];
        size[j] = row[j] >= top ? weight : size[j];
        best[j] = row[j] >= top ? row[j] : top;
    }
}

/* How each of m tokens of a question is met by some passages, as (chosen, 9, m); see `met` in kernels.py. `starts`
 * says where the tokens of each passage begin in `places`; the surroundings of passage i are passage n + i.
 * `following` is the next token of the question for each. `room` is for m times the blocks of the longest passage
 * and two more. */
WIDER EXPORT void met(const float *similar, const float *sizes, int64_t m, const int32_t *places, const int64_t *starts,
                      const int64_t *lengths, int64_t n, const int64_t *chosen, int64_t count, int64_t step,
                      const double *rare, const int64_t *following, float around, float *restrict room,
                      float *restrict out)
{
    int64_t half = step / 2;
    for (int64_t c = 0; c < count; c++, out += 9 * m) {
        int64_t passage = chosen[c], length = lengths[passage], blocks = (length + half - 1) / half;
        const int32_t *own = places + starts[passage];
        float *best = out, *second = out + 3 * m, *pair = out + 6 * m, *place = out + 7 * m, *size = out + 8 * m;
        float *soon = room, *later = room + m, *block = room + 2 * m;
        memset(out, 0, (size_t)(8 * m) * sizeof(float));
        for (int64_t j = 0; j < m; j++)
            size[j] = 1, soon[j] = later[j] = -1;
        for (int64_t b = 0; b < blocks; b++)
            highest_of(similar, m, own + b * half, b * half + half < length ? half : length - b * half, block + b * m);
        if (blocks) {
            in_best_window(block, m, blocks, 4, 2, rare, out + m, later);
            in_best_window(block, m, blocks, 2, 2, rare, out + 2 * m, later);
            in_best_window(block, m, blocks, 1, 1, rare, out + 4 * m, later);
            in_best_window(block, m, blocks, 8, 4, rare, out + 5 * m, later);
            for (int64_t j = 0; j < m; j++)
                best[j] = second[j] = pair[j] = later[j] = -1;
        }
        /* From the end, so that what follows a token is known. Of equals, the first is the best. */
        for (int64_t t = length - 1; t >= 0; t--) {
            const float *row = similar + own[t] * m;
            float at = (float)t / (float)length, weight = sizes[own[t]];
            met_by(row, soon, later, m, at, weight, best, second, pair, place, size);
            float *before = later;
            later = soon, soon = before;
            for (int64_t j = 0; j < m; j++)
                soon[j] = row[following[j]];
        }
        for (int64_t j = 0; length == 1 && j < m; j++)
            second[j] = pair[j] = 0;
        highest_of(similar, m, places + starts[n + passage], lengths[n + passage], soon);
        for (int64_t j = 0; j < m; j++) {
            float more = soon[j] - best[j];
            best[j] += around * (more > 0 ? more : 0);
        }
    }
}

/* What is read of k candidates and m tokens, as (k, m, 20 + more); see `inputs` in qa/second_look.py, which names
 * them. `met` is (k, 9, m), `own` (more, m) what is known of the tokens alone, `room` for 4 * m. */
WIDER EXPORT void look_inputs(const float *met, const float *own, const float *same, int64_t k, int64_t m, int64_t more,
                              float exact, float small, float *restrict room, float *restrict out)
{
    float *mean = room, *best = room + m, *mean_window = room + 2 * m, *best_window = room + 3 * m;
    for (int64_t j = 0; j < m; j++)
        mean[j] = mean_window[j] = 0, best[j] = best_window[j] = -1;
    for (int64_t i = 0; i < k; i++)
        for (int64_t j = 0; j < m; j++) {
            float whole = met[i * 9 * m + j], window = met[(i * 9 + 1) * m + j];
            mean[j] += whole, mean_window[j] += window;
            best[j] = best[j] > whole ? best[j] : whole;
            best_window[j] = best_window[j] > window ? best_window[j] : window;
        }
    for (int64_t j = 0; j < m; j++)
        mean[j] /= (float)k, mean_window[j] /= (float)k;
    for (int64_t i = 0; i < k; i++, met += 9 * m)
        for (int64_t j = 0; j < m; j++) {
            for (int64_t row = 0; row < 8; row++)
                *out++ = met[row * m + j];
            float whole = met[j], window = met[m + j];
            *out++ = logf(met[8 * m + j] + small);
            *out++ = whole - mean[j];
            *out++ = best[j] - whole;
            *out++ = window - mean_window[j];
            *out++ = best_window[j] - window;
            *out++ = whole >= exact;
            *out++ = j + 1 < m ? met[2 * m + j + 1] : 0;
            *out++ = j ? met[2 * m + j - 1] : 0;
            *out++ = j ? met[6 * m + j - 1] : 0;
            *out++ = same[i];
            *out++ = mean[j];
            *out++ = best[j] - mean[j];
            for (int64_t row = 0; row < more; row++)
                *out++ = own[row * m + j];
        }
}

#define AT_ONCE 16 /* sums that stay in registers */

/* `sums` (width,) plus the products of (n,) values above 0, or of all, with the rows of (n, width). */
INLINE void add_products(const float *values, int64_t n, int rectified, const float *rows, int64_t width,
                         float *restrict sums)
{
    int64_t at = 0;
    for (; at + AT_ONCE <= width; at += AT_ONCE) {
        float some[AT_ONCE];
        memcpy(some, sums + at, sizeof some);
        for (int64_t i = 0; i < n; i++) {
            float value = rectified && values[i] < 0 ? 0 : values[i];
            for (int64_t each = 0; each < AT_ONCE; each++)
                some[each] += value * rows[i * width + at + each];
        }
        memcpy(sums + at, some, sizeof some);
    }
    for (; at < width; at++)
        for (int64_t i = 0; i < n; i++)
            sums[at] += (rectified && values[i] < 0 ? 0 : values[i]) * rows[i * width + at];
}

/* Two means over the m tokens of what each tells, for each of k candidates, as (k, 2, told): weighed, and even over
 * those that count. What a token tells is `telling` (hidden, told) of the rectified `reading` (inputs, hidden) of
 * what is read of it (k, m, inputs). The logarithm of its weight is `counting` (hidden,) of the same and the input
 * `weight`. `room` is for hidden + told + m + m * told. */
WIDER EXPORT void look_means(const float *read, int64_t k, int64_t m, int64_t inputs, const uint8_t *counts,
                             int64_t weight, const float *reading, const float *reading_bias, int64_t hidden,
                             const float *telling, const float *telling_bias, int64_t told, const float *counting,
                             float *restrict room, float *restrict out)
{
    float *unit = room, *logs = room + hidden, *tells = logs + m;
    for (int64_t i = 0; i < k; i++, out += 2 * told) {
        float highest = -1e9f, total = 0, number = 0;
        for (int64_t j = 0; j < m; j++, read += inputs) {
            float *restrict said = tells + j * told;
            if (!counts[j])
                continue;
            memcpy(unit, reading_bias, (size_t)hidden * sizeof(float));
            memcpy(said, telling_bias, (size_t)told * sizeof(float));
            logs[j] = read[weight];
            add_products(read, inputs, 0, reading, hidden, unit);
            add_products(unit, hidden, 1, counting, 1, logs + j);
            add_products(unit, hidden, 1, telling, told, said);
            highest = highest > logs[j] ? highest : logs[j];
        }
        memset(out, 0, (size_t)(2 * told) * sizeof(float));
        for (int64_t j = 0; j < m; j++) {
            if (!counts[j])
                continue;
            float share = expf(logs[j] - highest);
            total += share, number += 1;
            for (int64_t to = 0; to < told; to++)
                out[to] += share * tells[j * told + to], out[told + to] += tells[j * told + to];
        }
        for (int64_t to = 0; number && to < told; to++)
            out[to] /= total, out[told + to] /= number;
    }
}

/* (m,) sums of the counts of the (u,) tokens that are at least so similar. `top` is no lower than the highest
 * that is asked for, so most need not be looked at. */
EXPORT void near_counts(const float *similar, const float *top, int64_t m, const uint32_t *ids, int64_t u,
                        const uint32_t *counts, int64_t known, float least, double *out)
{
    memset(out, 0, (size_t)m * sizeof(double));
    for (int64_t i = 0; i < u; i++, similar += m) {
        if (top[i] < least || ids[i] >= known)
            continue;
        for (int64_t j = 0; j < m; j++)
            out[j] += similar[j] >= least ? counts[ids[i]] : 0;
    }
}

/* --- bytes read by an automaton --- */

/* Walks over the text and lists, in order of first occurrence, which outputs are met; `counts` (one
 * for each output, all 0 before) then says how often. Returns how many. The next state is one of 256
 * in each row of `next`, and several states share a row. Stops at a state that there is not. */
EXPORT int64_t walk(const uint32_t *next, const uint16_t *row, const int32_t *output, int64_t states,
                    const uint8_t *text, int64_t size, int32_t *counts, int32_t *met)
{
    int64_t found = 0;
    uint32_t state = 0;
    for (int64_t i = 0; i < size; i++) {
        state = next[((uint32_t)row[state] << 8) + text[i]];
        if (state >= states)
            break;
        if (output[state] >= 0 && !counts[output[state]]++)
            met[found++] = output[state];
    }
    return found;
}

/* Adds log(1 + count) times an output's row of halves, for each that was met, to (m,); and sets its
 * count to 0 again. */
WIDER EXPORT void add_logs(const uint16_t *table, int64_t m, const int32_t *met, int64_t found, int32_t *counts,
                           float *out)
{
    for (int64_t i = 0; i < found; i++) {
        if (i + SOON < found)
            for (int64_t at = 0; at < m; at += LINE / 2)
                __builtin_prefetch(table + met[i + SOON] * m + at);
        float weight = log1pf((float)counts[met[i]]);
        const uint16_t *row = table + met[i] * m;
        for (int64_t j = 0; j < m; j++)
            out[j] += weight * whole(row[j]);
        counts[met[i]] = 0;
    }
}
