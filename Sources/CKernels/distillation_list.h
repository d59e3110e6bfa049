// The kernels of distillation, as kernel_list.h lists the others.
#ifndef FAIRLEAD_CKERNELS_DISTILLATION_LIST_H
#define FAIRLEAD_CKERNELS_DISTILLATION_LIST_H

// clang-format off
#define FL_DISTILLATION_KERNELS(F) \
  F(fl_distillation_result, distillation_f32, (size_t rows, size_t columns, const float *student, \
    const float *teacher, const int64_t *labels, const fl_distillation *settings, const float \
    *row_scale, float *scratch, float *soft_losses, float *hard_losses, float *gradient), (rows, \
    columns, student, teacher, labels, settings, row_scale, scratch, soft_losses, hard_losses, \
    gradient)) \
  F(fl_distillation_result, distillation_top_f32, (size_t rows, size_t columns, const float \
    *student, size_t k, const int32_t *ids, const float *values, const float *tails, const \
    int64_t *labels, const fl_distillation *settings, const float *row_scale, float *scratch, \
    float *soft_losses, float *hard_losses, float *gradient), (rows, columns, student, k, ids, \
    values, tails, labels, settings, row_scale, scratch, soft_losses, hard_losses, gradient)) \
  F(void, cosine_distance_f32, (size_t rows, size_t columns, const float *a, const float *b, \
    const float *row_scale, float *losses, float *gradient), (rows, columns, a, b, row_scale, \
    losses, gradient)) \
  F(void, largest_rows_f32, (size_t rows, size_t columns, size_t k, const float *x, int32_t *ids, \
    float *values), (rows, columns, k, x, ids, values)) \
  F(void, tail_logsumexp_f32, (size_t rows, size_t columns, size_t k, const float *x, const \
    int32_t *ids, float temperature, float *scratch, float *tails), (rows, columns, k, x, ids, \
    temperature, scratch, tails)) \
  F(void, convert_f32_f16, (size_t n, const float *x, uint16_t *y), (n, x, y)) \
  F(void, convert_f16_f32, (size_t n, const uint16_t *x, float *y), (n, x, y))
// clang-format on

#endif
