/* Questions of a map: see internal.h. */
#include "schemas/payload/internal.h"

/* The question about a place, begun when there is none; NULL: there are too many. */
static struct payload_question *about(struct payload_reader *r, const struct payload_condition *c)
{
    for (uint32_t i = 0; i < r->question_count; i++)
        if (r->question[i].of == c->of && r->question[i].place == c->place)
            return &r->question[i];
    if (r->question_count == PAYLOAD_QUESTIONS_MAX)
        return NULL;
    struct payload_question *q = &r->question[r->question_count];
    *q = (struct payload_question){.of = c->of,
                                   .place = c->place,
                                   .scope = c->of == PLACE_STEP ? r->step[c->place].scope : 0,
                                   .answers = {r->answer[r->question_count], 0}};
    r->question_count++;
    return q;
}

/* Which of the question's answers a constant is; added when it is none of them. */
static uint32_t answer_place(struct payload_question *q, struct payload_constant *answer,
                             const struct payload_constant *constant)
{
    for (uint32_t i = 0; i < q->answers.count; i++)
        if (str_equal(answer[i].text, constant->text))
            return i;
    answer[q->answers.count] = *constant;
    return q->answers.count++;
}

void payload_question(struct payload_reader *r, struct payload_condition *c)
{
    if (c->test > CONDITION_NOT_IN || c->of == PLACE_CARRIED)
        return;
    struct payload_question *q = about(r, c);
    if (!q || q->answers.count + c->among.count > PAYLOAD_ANSWERS_MAX)
        return;
    for (uint32_t i = 0; i < c->among.count; i++)
        c->answers |=
            UINT64_C(1) << answer_place(q, r->answer[q - r->question], &c->among.constant[i]);
    c->question = (uint32_t)(q - r->question) + 1;
}

/* The first condition of an entry that wants one of a question's answers decides, before the entry
   is looked at. */
static bool entry_asks(struct payload_reader *r, uint32_t e,
                       uint64_t entries[PAYLOAD_QUESTIONS_MAX][PAYLOAD_ANSWERS_MAX])
{
    struct payload_entry *entry = &r->entry[e];
    const struct payload_condition *c = entry->when.condition;
    uint64_t bit = UINT64_C(1) << e;
    uint32_t i = 0;
    while (i < entry->when.count && (!c[i].question || c[i].test != CONDITION_IN))
        i++;
    entry->left = entry->when;
    if (i == entry->when.count)
        return true;
    r->question[c[i].question - 1].asking |= bit;
    r->scope[entry->scope].asked |= 1u << (c[i].question - 1);
    for (uint64_t left = c[i].answers; left; left &= left - 1)
        entries[c[i].question - 1][__builtin_ctzll(left)] |= bit;
    struct payload_condition *left = payload_alloc(r, entry->when.count, sizeof *left);
    if (!left)
        return false;
    memcpy(left, c, i * sizeof *left);
    memcpy(left + i, c + i + 1, (entry->when.count - i - 1) * sizeof *left);
    entry->left = (struct payload_conditions){left, entry->when.count - 1};
    return true;
}

bool payload_questions_finish(struct payload_reader *r)
{
    struct payload_map *map = r->map;
    uint64_t(*entries)[PAYLOAD_ANSWERS_MAX] =
        payload_alloc(r, PAYLOAD_QUESTIONS_MAX, sizeof *entries);
    struct payload_question *kept = payload_alloc(r, r->question_count, sizeof *kept);
    if (!entries || !kept)
        return false;
    for (uint32_t e = 0; e < r->entry_count; e++)
        if (!entry_asks(r, e, entries))
            return false;
    for (uint32_t i = 0; i < r->question_count; i++) {
        struct payload_question *q = &r->question[i];
        struct payload_constant *answer = payload_alloc(r, q->answers.count, sizeof *answer);
        if (!answer)
            return false;
        memcpy(answer, q->answers.constant, q->answers.count * sizeof *answer);
        kept[i] = *q;
        kept[i].answers.constant = answer;
        kept[i].entries = entries[i];
        if (q->of == PLACE_STEP)
            r->scope[q->scope].questions |= 1u << i;
    }
    map->question = kept;
    map->question_count = r->question_count;
    return true;
}
