/* The inner loops of a question, which numpy would make of many passes over memory.
 *
 * Plain C without Python's headers, called through ctypes by kernels.py, which says what each
 * function is for and sees to it that the arrays have the lengths expected here. Nothing here
 * allocates, keeps state or knows more than numbers.
 */

#include <math.h>
#include <stdint.h>
#include <string.h>

#ifdef _WIN32
#define EXPORT __declspec(dllexport)
#else
#define EXPORT
#endif

#define INLINE static inline __attribute__((always_inline))

#define LETTER_BITS 6
#define PIECE 4 /* letters */
#define LINE 64 /* bytes that memory is read by */
#define AHEAD 8 /* tokens */
#define SIEVE_BITS 13
#define SIEVE (1 << SIEVE_BITS)

EXPORT int32_t kernels_version(void) { return 4; }

/* --- ragged arrays --- */

/* Both return how many of the n parts they copied: fewer where the next is not within the source. */

EXPORT int64_t gather(const uint8_t *source, int64_t size, int64_t n, const int64_t *starts, const int64_t *lengths,
                      int64_t width, uint8_t *out)
{
    for (int64_t i = 0; i < n; i++) {
        if (starts[i] < 0 || lengths[i] < 0 || starts[i] > size - lengths[i])
            return i;
        memcpy(out, source + starts[i] * width, (size_t)(lengths[i] * width));
        out += lengths[i] * width;
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

EXPORT int64_t half_rows(const uint16_t *source, int64_t size, int64_t n, const int64_t *starts, int64_t dim,
                         float *out)
{
    for (int64_t i = 0; i < n; i++, out += dim) {
        if (starts[i] < 0 || starts[i] > size - dim)
            return i;
        for (int64_t d = 0; d < dim; d++)
            out[d] = whole(source[starts[i] + d]);
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

EXPORT int64_t matches(const uint32_t *values, int64_t total, const uint32_t *ids, int32_t m, int32_t *table,
                       int32_t bits, int64_t *at, int64_t *place)
{
    int64_t found = 0;
    uint64_t sieve[SIEVE / 64] = {0};
    index_ids(ids, m, table, bits, sieve);
    for (int64_t i = 0; i < total; i++) {
        int32_t number = number_of(values[i], ids, table, bits, sieve);
        if (number >= 0) {
            at[found] = i;
            place[found++] = number;
        }
    }
    return found;
}

EXPORT int64_t piece_matches(const uint8_t *letters, int64_t total, const uint32_t *ids, int32_t m,
                             int32_t *table, int32_t bits, int64_t *at, int64_t *place)
{
    int64_t found = 0;
    uint32_t piece = 0, mask = (1u << (LETTER_BITS * PIECE)) - 1;
    uint64_t sieve[SIEVE / 64] = {0};
    index_ids(ids, m, table, bits, sieve);
    for (int64_t i = 0; i < total; i++) {
        piece = ((piece << LETTER_BITS) | letters[i]) & mask;
        if (i < PIECE - 1)
            continue;
        int32_t number = number_of(piece, ids, table, bits, sieve);
        if (number >= 0) {
            at[found] = i - (PIECE - 1);
            place[found++] = number;
        }
    }
    return found;
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

/* --- a table of token vectors --- */

/* Which of the distinct values, in order of first occurrence, each value is; -1 if one is too large.
 * `column` has a place for each value that can be, all of them -1, and is left so. */
EXPORT int64_t distinct(const uint32_t *values, int64_t total, int32_t *column, int64_t limit, uint32_t *ids,
                        int32_t *places)
{
    int64_t count = 0, within = 0;
    for (; within < total && values[within] < limit; within++) {
        int32_t *mark = column + values[within];
        if (*mark < 0) {
            ids[count] = values[within];
            *mark = (int32_t)count++;
        }
        places[within] = *mark;
    }
    for (int64_t i = 0; i < count; i++)
        column[ids[i]] = -1;
    return within == total ? count : -1;
}

/* Inner products of a row of bytes with (m, dim) vectors of 16-bit numbers, and with itself. */
INLINE float byte_products(const int8_t *bytes, int64_t dim, const int16_t *vectors, int64_t m,
                           int16_t *restrict row, float *restrict out)
{
    int32_t square = 0;
    int64_t j = 0;
    for (int64_t k = 0; k < dim; k++)
        row[k] = bytes[k];
    for (int64_t k = 0; k < dim; k++)
        square += row[k] * row[k];
    for (; j + 4 <= m; j += 4, vectors += 4 * dim) { /* so that the row is read once for four */
        int32_t a = 0, b = 0, c = 0, d = 0;
        for (int64_t k = 0; k < dim; k++) {
            a += row[k] * vectors[k];
            b += row[k] * vectors[k + dim];
            c += row[k] * vectors[k + 2 * dim];
            d += row[k] * vectors[k + 3 * dim];
        }
        out[j] = (float)a, out[j + 1] = (float)b, out[j + 2] = (float)c, out[j + 3] = (float)d;
    }
    for (; j < m; j++, vectors += dim) {
        int32_t sum = 0;
        for (int64_t k = 0; k < dim; k++)
            sum += row[k] * vectors[k];
        out[j] = (float)sum;
    }
    return (float)square;
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

/* Cosines of (u,) tokens with (m, dim) vectors of others, into (u, m): at most `most`, but 1 where a
 * token meets itself; the length of each token's vector; and its highest cosine with any of those
 * others that count, or 0. A vector times its unit is of length 1; `row` has room for one. */
EXPORT void compare(const void *rows, int32_t bytes, int64_t dim, const int32_t *mapping, const float *weights,
                    const uint32_t *ids, int64_t u, const void *vectors, const float *units,
                    const uint32_t *others, const float *counting, int64_t m, float most, int16_t *row,
                    float *out, float *lengths, float *top)
{
    int64_t size = dim * (bytes ? 1 : (int64_t)sizeof(float));
    for (int64_t i = 0; i < u; i++, out += m) {
        fetch(rows, size, mapping, weights, ids, i, u);
        int64_t place = mapping ? mapping[ids[i]] : (int64_t)ids[i];
        float weight = weights[ids[i]];
        float square = bytes ? byte_products((const int8_t *)rows + place * dim, dim, vectors, m, row, out)
                             : float_products((const float *)rows + place * dim, dim, vectors, m, out);
        float norm = sqrtf(square), scale = norm > 0 && weight != 0 ? (weight > 0 ? 1 : -1) / norm : 0;
        lengths[i] = norm * fabsf(weight);
        float itself = scale != 0 ? 1 : 0, highest = 0;
        for (int64_t j = 0; j < m; j++) {
            float cosine = out[j] * scale * units[j];
            cosine = cosine < most ? cosine : most;
            cosine = cosine > -1 ? cosine : -1;
            out[j] = others[j] == ids[i] ? itself : cosine;
        }
        for (int64_t j = 0; j < m; j++)
            highest = out[j] * counting[j] > highest ? out[j] * counting[j] : highest;
        top[i] = highest;
    }
}

/* The sum of the rows of (n,) tokens, each times its weight, into (dim,). */
EXPORT void weighted_sum(const void *rows, int32_t bytes, int64_t dim, const int32_t *mapping,
                         const float *weights, const uint32_t *ids, int64_t n, float *out)
{
    memset(out, 0, (size_t)dim * sizeof(float));
    for (int64_t i = 0; i < n; i++) {
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

/* For each of n passages the highest of `similar` in every block of `step` tokens, in every two
 * blocks that follow each other, and in the whole. */
EXPORT void pool(const float *similar, int64_t m, const int32_t *places, const int64_t *lengths,
                      int64_t n, int64_t step, float *windows, float *best)
{
    for (int64_t i = 0; i < n; i++, best += m) {
        int64_t length = lengths[i];
        if (!length) {
            memset(best, 0, (size_t)m * sizeof(float));
            continue;
        }
        float *window = windows;
        for (int64_t j = 0; j < m; j++)
            best[j] = -1;
        for (int64_t begin = 0; begin < length; begin += step, windows += m) {
            int64_t end = begin + step < length ? begin + step : length;
            memcpy(windows, similar + places[begin] * m, (size_t)m * sizeof(float));
            for (int64_t t = begin + 1; t < end; t++)
                raise_to(windows, similar + places[t] * m, m);
            raise_to(best, windows, m);
        }
        for (; window + m < windows; window += m)
            raise_to(window, window + m, m);
        places += length;
    }
}

/* (n,) sums of a * b over each passage's tokens, divided by those of b. */
EXPORT void weighted_means(const float *a, const float *b, const int32_t *places, const int64_t *lengths,
                           int64_t n, float *out)
{
    for (int64_t i = 0; i < n; i++) {
        double above = 0, below = 0;
        for (int64_t t = 0; t < lengths[i]; t++) {
            above += (double)a[places[t]] * b[places[t]];
            below += b[places[t]];
        }
        out[i] = below > 0 ? (float)(above / below) : 0;
        places += lengths[i];
    }
}

/* (m,) sums of the counts of the (u,) tokens that are at least so similar. */
EXPORT void near_counts(const float *similar, int64_t m, const uint32_t *ids, int64_t u,
                        const uint32_t *counts, int64_t known, float least, double *out)
{
    memset(out, 0, (size_t)m * sizeof(double));
    for (int64_t i = 0; i < u; i++, similar += m) {
        double count = ids[i] < known ? counts[ids[i]] : 0;
        for (int64_t j = 0; j < m; j++)
            out[j] += similar[j] >= least ? count : 0;
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
EXPORT void add_logs(const uint16_t *table, int64_t m, const int32_t *met, int64_t found, int32_t *counts, float *out)
{
    for (int64_t i = 0; i < found; i++) {
        float weight = log1pf((float)counts[met[i]]);
        const uint16_t *row = table + met[i] * m;
        for (int64_t j = 0; j < m; j++)
            out[j] += weight * whole(row[j]);
        counts[met[i]] = 0;
    }
}
