// Every file below Stdlib has an array and a row in the table here (a test compares them). The compiler tracks embedded
// files as it tracks headers: an edit of one rebuilds this file.
#include "CStdlib.h"

static const unsigned char recipes[] = {
#embed "../../Stdlib/recipes.fl"
};
static const unsigned char adamix[] = {
#embed "../../Stdlib/experiments/adamix.fl"
};
static const unsigned char adept[] = {
#embed "../../Stdlib/experiments/adept.fl"
};
static const unsigned char audit[] = {
#embed "../../Stdlib/experiments/audit.fl"
};
static const unsigned char canary_extraction[] = {
#embed "../../Stdlib/experiments/canary_extraction.fl"
};
static const unsigned char edp_sgd[] = {
#embed "../../Stdlib/experiments/edp_sgd.fl"
};
static const unsigned char epsilon_sweep[] = {
#embed "../../Stdlib/experiments/epsilon_sweep.fl"
};
static const unsigned char fl_selection[] = {
#embed "../../Stdlib/experiments/fl_selection.fl"
};
static const unsigned char fl_secure[] = {
#embed "../../Stdlib/experiments/fl_secure.fl"
};
static const unsigned char fl_robust[] = {
#embed "../../Stdlib/experiments/fl_robust.fl"
};
static const unsigned char fl_private[] = {
#embed "../../Stdlib/experiments/fl_private.fl"
};
static const unsigned char gender_swap[] = {
#embed "../../Stdlib/experiments/gender_swap.fl"
};
static const unsigned char language_model[] = {
#embed "../../Stdlib/experiments/language_model.fl"
};
static const unsigned char privacy_utility[] = {
#embed "../../Stdlib/experiments/privacy_utility.fl"
};
static const unsigned char private_statistics[] = {
#embed "../../Stdlib/experiments/private_statistics.fl"
};
static const unsigned char role_reversal_distillation[] = {
#embed "../../Stdlib/experiments/role_reversal_distillation.fl"
};
static const unsigned char text_dp[] = {
#embed "../../Stdlib/experiments/text_dp.fl"
};
static const unsigned char fedprox[] = {
#embed "../../Stdlib/federated/fedprox.fl"
};
static const unsigned char gender_lexicon[] = {
#embed "../../Stdlib/data/gender_lexicon.tsv"
};
static const unsigned char given_names[] = {
#embed "../../Stdlib/data/given_names.tsv"
};

#define FILE_ROW(path, array) {path, array, sizeof array}

static const struct fairlead_stdlib_file files[] = {
    FILE_ROW("recipes.fl", recipes),
    FILE_ROW("experiments/adamix.fl", adamix),
    FILE_ROW("experiments/adept.fl", adept),
    FILE_ROW("experiments/audit.fl", audit),
    FILE_ROW("experiments/canary_extraction.fl", canary_extraction),
    FILE_ROW("experiments/edp_sgd.fl", edp_sgd),
    FILE_ROW("experiments/epsilon_sweep.fl", epsilon_sweep),
    FILE_ROW("experiments/fl_private.fl", fl_private),
    FILE_ROW("experiments/fl_robust.fl", fl_robust),
    FILE_ROW("experiments/fl_secure.fl", fl_secure),
    FILE_ROW("experiments/fl_selection.fl", fl_selection),
    FILE_ROW("experiments/gender_swap.fl", gender_swap),
    FILE_ROW("experiments/language_model.fl", language_model),
    FILE_ROW("experiments/privacy_utility.fl", privacy_utility),
    FILE_ROW("experiments/private_statistics.fl", private_statistics),
    FILE_ROW("experiments/role_reversal_distillation.fl", role_reversal_distillation),
    FILE_ROW("experiments/text_dp.fl", text_dp),
    FILE_ROW("federated/fedprox.fl", fedprox),
    FILE_ROW("data/gender_lexicon.tsv", gender_lexicon),
    FILE_ROW("data/given_names.tsv", given_names),
};

size_t fairlead_stdlib_count(void) { return sizeof files / sizeof *files; }

struct fairlead_stdlib_file fairlead_stdlib_at(size_t index) { return files[index]; }
