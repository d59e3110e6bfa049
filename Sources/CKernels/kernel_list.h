// The kernels that are compiled for each level, as one list: result, name (without `fl_`), parameters,
// arguments. The table of a level, its contents and the public functions all come from it.
#ifndef FAIRLEAD_CKERNELS_KERNEL_LIST_H
#define FAIRLEAD_CKERNELS_KERNEL_LIST_H

#include "distillation_list.h"

// clang-format off
#define FL_UNARY(F, name) \
  F(void, name##_f32, (size_t n, const float *x, float *y), (n, x, y))
#define FL_BACKWARD(F, name) \
  F(void, name##_backward_f32, (size_t n, const float *dy, const float *x, float *dx), (n, dy, x, dx))
#define FL_BINARY(F, name) \
  F(void, name##_vv_f32, (size_t n, const float *a, const float *b, float *y), (n, a, b, y)) \
  F(void, name##_vs_f32, (size_t n, const float *a, float b, float *y), (n, a, b, y)) \
  F(void, name##_sv_f32, (size_t n, float a, const float *b, float *y), (n, a, b, y)) \
  F(void, name##_vr_f32, (size_t rows, size_t columns, const float *a, const float *b, float *y), \
    (rows, columns, a, b, y)) \
  F(void, name##_rv_f32, (size_t rows, size_t columns, const float *a, const float *b, float *y), \
    (rows, columns, a, b, y)) \
  F(void, name##_vc_f32, (size_t rows, size_t columns, const float *a, const float *b, float *y), \
    (rows, columns, a, b, y)) \
  F(void, name##_cv_f32, (size_t rows, size_t columns, const float *a, const float *b, float *y), \
    (rows, columns, a, b, y))
#define FL_COMPARE(F, name) \
  F(void, name##_vv_f32, (size_t n, const float *a, const float *b, uint8_t *y), (n, a, b, y)) \
  F(void, name##_vs_f32, (size_t n, const float *a, float b, uint8_t *y), (n, a, b, y)) \
  F(void, name##_vv_i64, (size_t n, const int64_t *a, const int64_t *b, uint8_t *y), (n, a, b, y)) \
  F(void, name##_vs_i64, (size_t n, const int64_t *a, int64_t b, uint8_t *y), (n, a, b, y))
#define FL_INTEGER(F, name) \
  F(void, name##_vv_i64, (size_t n, const int64_t *a, const int64_t *b, int64_t *y), (n, a, b, y)) \
  F(void, name##_vs_i64, (size_t n, const int64_t *a, int64_t b, int64_t *y), (n, a, b, y)) \
  F(void, name##_sv_i64, (size_t n, int64_t a, const int64_t *b, int64_t *y), (n, a, b, y))

#define FL_KERNELS(F) \
  FL_UNARY(F, exp) FL_UNARY(F, expm1) FL_UNARY(F, log) FL_UNARY(F, log1p) FL_UNARY(F, sqrt) \
  FL_UNARY(F, rsqrt) FL_UNARY(F, tanh) FL_UNARY(F, sigmoid) FL_UNARY(F, relu) \
  FL_UNARY(F, gelu_tanh) FL_UNARY(F, gelu_erf) FL_UNARY(F, silu) FL_UNARY(F, softplus) \
  FL_UNARY(F, sin) FL_UNARY(F, cos) FL_UNARY(F, abs) FL_UNARY(F, neg) FL_UNARY(F, square) \
  FL_UNARY(F, reciprocal) FL_UNARY(F, erf) FL_UNARY(F, floor) FL_UNARY(F, ceil) \
  FL_UNARY(F, trunc) FL_UNARY(F, round) FL_UNARY(F, sign) \
  FL_BACKWARD(F, sqrt) FL_BACKWARD(F, rsqrt) FL_BACKWARD(F, tanh) FL_BACKWARD(F, sigmoid) \
  FL_BACKWARD(F, relu) FL_BACKWARD(F, reciprocal) FL_BACKWARD(F, gelu_tanh) \
  FL_BACKWARD(F, gelu_erf) FL_BACKWARD(F, silu) FL_BACKWARD(F, softplus) FL_BACKWARD(F, abs) \
  FL_BACKWARD(F, erf) FL_BACKWARD(F, sin) FL_BACKWARD(F, cos) \
  FL_BINARY(F, add) FL_BINARY(F, sub) FL_BINARY(F, mul) FL_BINARY(F, div) FL_BINARY(F, min) \
  FL_BINARY(F, max) FL_BINARY(F, pow) \
  FL_COMPARE(F, eq) FL_COMPARE(F, ne) FL_COMPARE(F, lt) FL_COMPARE(F, le) FL_COMPARE(F, gt) \
  FL_COMPARE(F, ge) \
  FL_INTEGER(F, add) FL_INTEGER(F, sub) FL_INTEGER(F, mul) FL_INTEGER(F, min) FL_INTEGER(F, max) \
  F(void, clamp_f32, (size_t n, const float *x, float low, float high, float *y), (n, x, low, \
    high, y)) \
  F(void, clamp_backward_f32, (size_t n, const float *dy, const float *x, float low, float high, \
    float *dx), (n, dy, x, low, high, dx)) \
  F(void, select_f32, (size_t n, const uint8_t *mask, const float *a, const float *b, float *y), \
    (n, mask, a, b, y)) \
  F(void, select_i64, (size_t n, const uint8_t *mask, const int64_t *a, const int64_t *b, \
    int64_t *y), (n, mask, a, b, y)) \
  F(void, and_u8, (size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y), (n, a, b, y)) \
  F(void, or_u8, (size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y), (n, a, b, y)) \
  F(void, xor_u8, (size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y), (n, a, b, y)) \
  F(void, not_u8, (size_t n, const uint8_t *a, uint8_t *y), (n, a, y)) \
  F(void, axpy_f32, (size_t n, float alpha, const float *x, float *y), (n, alpha, x, y)) \
  F(void, axpby_f32, (size_t n, float alpha, const float *x, float beta, float *y), (n, alpha, \
    x, beta, y)) \
  F(void, scale_f32, (size_t n, float alpha, const float *x, float *y), (n, alpha, x, y)) \
  F(void, multiply_accumulate_f32, (size_t n, const float *a, const float *b, float *y), (n, a, \
    b, y)) \
  F(void, axpy_rows_f32, (size_t rows, size_t columns, const float *weights, const float *x, \
    float *y), (rows, columns, weights, x, y)) \
  F(void, accumulate_f64, (size_t n, double alpha, const float *x, double *y), (n, alpha, x, y)) \
  F(void, fill_f32, (size_t n, float value, float *y), (n, value, y)) \
  F(void, transpose_f32, (size_t rows, size_t columns, const float *x, size_t x_stride, float \
    *y, size_t y_stride), (rows, columns, x, x_stride, y, y_stride)) \
  F(void, convert_f32_f64, (size_t n, const float *x, double *y), (n, x, y)) \
  F(void, convert_f64_f32, (size_t n, const double *x, float *y), (n, x, y)) \
  F(void, convert_f32_i64, (size_t n, const float *x, int64_t *y), (n, x, y)) \
  F(void, convert_i64_f32, (size_t n, const int64_t *x, float *y), (n, x, y)) \
  F(void, convert_f32_i32, (size_t n, const float *x, int32_t *y), (n, x, y)) \
  F(void, convert_i32_f32, (size_t n, const int32_t *x, float *y), (n, x, y)) \
  F(void, convert_i64_i32, (size_t n, const int64_t *x, int32_t *y), (n, x, y)) \
  F(void, convert_i32_i64, (size_t n, const int32_t *x, int64_t *y), (n, x, y)) \
  F(void, convert_f32_u8, (size_t n, const float *x, uint8_t *y), (n, x, y)) \
  F(void, convert_i64_u8, (size_t n, const int64_t *x, uint8_t *y), (n, x, y)) \
  F(void, convert_u8_f32, (size_t n, const uint8_t *x, float *y), (n, x, y)) \
  F(void, convert_u8_i64, (size_t n, const uint8_t *x, int64_t *y), (n, x, y)) \
  F(double, sum_f32, (size_t n, const float *x), (n, x)) \
  F(double, dot_f32, (size_t n, const float *a, const float *b), (n, a, b)) \
  F(double, sumsq_f32, (size_t n, const float *x), (n, x)) \
  F(double, sumabs_f32, (size_t n, const float *x), (n, x)) \
  F(double, sumsq_centered_f32, (size_t n, const float *x, double center), (n, x, center)) \
  F(int64_t, sum_i64, (size_t n, const int64_t *x), (n, x)) \
  F(float, max_f32, (size_t n, const float *x), (n, x)) \
  F(float, min_f32, (size_t n, const float *x), (n, x)) \
  F(int64_t, max_i64, (size_t n, const int64_t *x), (n, x)) \
  F(int64_t, min_i64, (size_t n, const int64_t *x), (n, x)) \
  F(int64_t, argmax_f32, (size_t n, const float *x), (n, x)) \
  F(int64_t, argmin_f32, (size_t n, const float *x), (n, x)) \
  F(int, has_nonfinite_f32, (size_t n, const float *x), (n, x)) \
  F(int, has_nan_f32, (size_t n, const float *x), (n, x)) \
  F(void, sum_rows_f32, (size_t rows, size_t columns, const float *x, size_t stride, float \
    scale, float *out), (rows, columns, x, stride, scale, out)) \
  F(void, sumsq_rows_f32, (size_t rows, size_t columns, const float *x, size_t stride, float \
    *out), (rows, columns, x, stride, out)) \
  F(void, max_rows_f32, (size_t rows, size_t columns, const float *x, size_t stride, float \
    *out), (rows, columns, x, stride, out)) \
  F(void, min_rows_f32, (size_t rows, size_t columns, const float *x, size_t stride, float \
    *out), (rows, columns, x, stride, out)) \
  F(void, argmax_rows_f32, (size_t rows, size_t columns, const float *x, size_t stride, int64_t \
    *out), (rows, columns, x, stride, out)) \
  F(void, dot_rows_f32, (size_t rows, size_t columns, const float *a, size_t a_stride, const \
    float *b, size_t b_stride, float *out), (rows, columns, a, a_stride, b, b_stride, out)) \
  F(void, sum_columns_f32, (size_t rows, size_t columns, const float *x, size_t stride, const \
    float *weights, int accumulate, float *out), (rows, columns, x, stride, weights, accumulate, \
    out)) \
  F(void, max_columns_f32, (size_t rows, size_t columns, const float *x, size_t stride, float \
    *out), (rows, columns, x, stride, out)) \
  F(void, softmax_rows_f32, (size_t rows, size_t columns, float scale, const float *x, float \
    *y), (rows, columns, scale, x, y)) \
  F(void, softmax_prefix_f32, (size_t rows, size_t columns, float scale, const int32_t *lengths, \
    const float *x, float *y), (rows, columns, scale, lengths, x, y)) \
  F(void, softmax_backward_f32, (size_t rows, size_t columns, float scale, const float *dy, \
    const float *y, float *dx), (rows, columns, scale, dy, y, dx)) \
  F(void, log_softmax_rows_f32, (size_t rows, size_t columns, float scale, const float *x, float \
    *y), (rows, columns, scale, x, y)) \
  F(void, log_softmax_backward_f32, (size_t rows, size_t columns, float scale, const float *dy, \
    const float *y, float *dx), (rows, columns, scale, dy, y, dx)) \
  F(void, logsumexp_rows_f32, (size_t rows, size_t columns, const float *x, float *out), (rows, \
    columns, x, out)) \
  F(fl_loss_result, softmax_xent_i64_f32, (size_t rows, size_t classes, const float *logits, \
    const int64_t *labels, int64_t ignore_index, float smoothing, float scale, const float \
    *row_scale, int accumulate, float *losses, float *gradient), (rows, classes, logits, labels, \
    ignore_index, smoothing, scale, row_scale, accumulate, losses, gradient)) \
  F(fl_loss_result, softmax_xent_i32_f32, (size_t rows, size_t classes, const float *logits, \
    const int32_t *labels, int32_t ignore_index, float smoothing, float scale, const float \
    *row_scale, int accumulate, float *losses, float *gradient), (rows, classes, logits, labels, \
    ignore_index, smoothing, scale, row_scale, accumulate, losses, gradient)) \
  F(double, softmax_soft_xent_f32, (size_t rows, size_t classes, const float *logits, const \
    float *targets, float scale, const float *row_scale, int accumulate, float *losses, float \
    *gradient), (rows, classes, logits, targets, scale, row_scale, accumulate, losses, gradient)) \
  FL_DISTILLATION_KERNELS(F) \
  F(double, sigmoid_xent_f32, (size_t n, const float *logits, const float *targets, float scale, \
    float *losses, float *gradient), (n, logits, targets, scale, losses, gradient)) \
  F(void, layernorm_f32, (size_t rows, size_t columns, const float *x, const float *residual, \
    const float *gamma, const float *beta, float epsilon, float *sum, float *y, float *mean, float \
    *rstd), (rows, columns, x, residual, gamma, beta, epsilon, sum, y, mean, rstd)) \
  F(void, layernorm_backward_f32, (size_t rows, size_t columns, const float *dy, const float *x, \
    const float *gamma, const float *mean, const float *rstd, int accumulate, float *dx), (rows, \
    columns, dy, x, gamma, mean, rstd, accumulate, dx)) \
  F(void, layernorm_parameters_f32, (size_t rows, size_t columns, const float *dy, const float \
    *x, const float *mean, const float *rstd, const float *weights, float *dgamma, float *dbeta), \
    (rows, columns, dy, x, mean, rstd, weights, dgamma, dbeta)) \
  F(void, rmsnorm_f32, (size_t rows, size_t columns, const float *x, const float *residual, \
    const float *gamma, float epsilon, float *sum, float *y, float *rrms), (rows, columns, x, \
    residual, gamma, epsilon, sum, y, rrms)) \
  F(void, rmsnorm_backward_f32, (size_t rows, size_t columns, const float *dy, const float *x, \
    const float *gamma, const float *rrms, int accumulate, float *dx), (rows, columns, dy, x, \
    gamma, rrms, accumulate, dx)) \
  F(void, rmsnorm_parameters_f32, (size_t rows, size_t columns, const float *dy, const float *x, \
    const float *rrms, const float *weights, float *dgamma), (rows, columns, dy, x, rrms, weights, \
    dgamma)) \
  F(void, bias_activation_f32, (int activation, size_t rows, size_t columns, const float *x, \
    const float *bias, float *pre, float *y), (activation, rows, columns, x, bias, pre, y)) \
  F(void, bias_activation_backward_f32, (int activation, size_t n, const float *dy, const float \
    *saved, float *dx, float *y), (activation, n, dy, saved, dx, y)) \
  F(size_t, gather_rows_i64_f32, (size_t count, size_t width, const float *table, size_t \
    table_rows, const int64_t *indices, float *out), (count, width, table, table_rows, indices, \
    out)) \
  F(size_t, gather_rows_i32_f32, (size_t count, size_t width, const float *table, size_t \
    table_rows, const int32_t *indices, float *out), (count, width, table, table_rows, indices, \
    out)) \
  F(size_t, bag_mean_i64_f32, (size_t bags, size_t length, size_t width, const float *table, \
    size_t table_rows, const int64_t *indices, const int32_t *lengths, float *out), (bags, length, \
    width, table, table_rows, indices, lengths, out)) \
  F(size_t, bag_mean_i32_f32, (size_t bags, size_t length, size_t width, const float *table, \
    size_t table_rows, const int32_t *indices, const int32_t *lengths, float *out), (bags, length, \
    width, table, table_rows, indices, lengths, out)) \
  F(size_t, scatter_add_rows_i64_f32, (size_t count, size_t width, const float *x, size_t \
    x_stride, const float *weights, const int64_t *indices, size_t table_rows, float *table), \
    (count, width, x, x_stride, weights, indices, table_rows, table)) \
  F(size_t, scatter_add_rows_i32_f32, (size_t count, size_t width, const float *x, size_t \
    x_stride, const float *weights, const int32_t *indices, size_t table_rows, float *table), \
    (count, width, x, x_stride, weights, indices, table_rows, table)) \
  F(void, group_sum_f32, (size_t first_group, size_t last_group, size_t width, const int32_t \
    *offsets, const int32_t *positions, size_t divisor, const float *x, size_t x_stride, const \
    float *weights, float *out), (first_group, last_group, width, offsets, positions, divisor, x, \
    x_stride, weights, out)) \
  F(void, lstm_cell_f32, (size_t batch, size_t hidden, const float *pre, size_t pre_stride, \
    const float *bias, const float *c_prev, size_t c_stride, const float *h_prev, size_t \
    h_prev_stride, const uint8_t *active, float *gates, size_t gates_stride, float *c, float \
    *tanh_c, float *h, size_t h_stride), (batch, hidden, pre, pre_stride, bias, c_prev, c_stride, \
    h_prev, h_prev_stride, active, gates, gates_stride, c, tanh_c, h, h_stride)) \
  F(void, lstm_cell_backward_f32, (size_t batch, size_t hidden, const float *gates, size_t \
    gates_stride, const float *c_prev, const float *c, const float *tanh_c, size_t c_stride, const \
    uint8_t *active, const float *dh, size_t dh_stride, const float *dh_next, float *dc, float \
    *dh_pass, float *dgates, size_t dgates_stride), (batch, hidden, gates, gates_stride, c_prev, \
    c, tanh_c, c_stride, active, dh, dh_stride, dh_next, dc, dh_pass, dgates, dgates_stride)) \
  F(void, gru_cell_f32, (size_t batch, size_t hidden, const float *x_pre, size_t x_stride, const \
    float *h_pre, size_t h_pre_stride, const float *h_prev, size_t h_prev_stride, const uint8_t \
    *active, float *saved, float *h, size_t h_stride), (batch, hidden, x_pre, x_stride, h_pre, \
    h_pre_stride, h_prev, h_prev_stride, active, saved, h, h_stride)) \
  F(void, gru_cell_backward_f32, (size_t batch, size_t hidden, const float *saved, const float \
    *h_prev, size_t h_prev_stride, const uint8_t *active, const float *dh, size_t dh_stride, const \
    float *dh_next, float *dx_pre, size_t dx_stride, float *dh_pre, size_t dh_pre_stride, float \
    *dh_prev), (batch, hidden, saved, h_prev, h_prev_stride, active, dh, dh_stride, dh_next, \
    dx_pre, dx_stride, dh_pre, dh_pre_stride, dh_prev)) \
  F(void, maxpool_time_f32, (size_t batch, size_t time, size_t channels, const float *x, const \
    int32_t *lengths, float *y, int32_t *argmax), (batch, time, channels, x, lengths, y, argmax)) \
  F(void, maxpool_time_backward_f32, (size_t batch, size_t time, size_t channels, const float \
    *dy, const int32_t *argmax, float *dx), (batch, time, channels, dy, argmax, dx)) \
  F(void, meanpool_time_f32, (size_t batch, size_t time, size_t channels, const float *x, const \
    int32_t *lengths, float *y), (batch, time, channels, x, lengths, y)) \
  F(void, meanpool_time_backward_f32, (size_t batch, size_t time, size_t channels, const float \
    *dy, const int32_t *lengths, float *dx), (batch, time, channels, dy, lengths, dx)) \
  F(void, im2col_f32, (const fl_window *window, size_t first, size_t count, const float *x, float \
    *columns), (window, first, count, x, columns)) \
  F(void, col2im_add_f32, (const fl_window *window, size_t first, size_t count, const float \
    *columns, float *x), (window, first, count, columns, x)) \
  F(void, maxpool_window_f32, (const fl_window *window, const float *x, float *y, uint16_t \
    *where), (window, x, y, where)) \
  F(void, maxpool_window_backward_f32, (const fl_window *window, const float *dy, const uint16_t \
    *where, float *dx), (window, dy, where, dx)) \
  F(void, meanpool_window_f32, (const fl_window *window, int count_padding, const float *x, float \
    *y), (window, count_padding, x, y)) \
  F(void, meanpool_window_backward_f32, (const fl_window *window, int count_padding, const float \
    *dy, float *dx), (window, count_padding, dy, dx)) \
  F(void, random_u32, (size_t n, const fl_stream *stream, uint64_t offset, uint32_t *out), (n, \
    stream, offset, out)) \
  F(void, random_uniform_f32, (size_t n, float low, float high, const fl_stream *stream, \
    uint64_t offset, float *out), (n, low, high, stream, offset, out)) \
  F(void, random_normal_f32, (size_t n, float mean, float deviation, const fl_stream *stream, \
    uint64_t offset, float *out), (n, mean, deviation, stream, offset, out)) \
  F(void, add_normal_f32, (size_t n, float deviation, const fl_stream *stream, uint64_t offset, \
    float *out), (n, deviation, stream, offset, out)) \
  F(void, random_bernoulli_u8, (size_t n, double p, const fl_stream *stream, uint64_t offset, \
    uint8_t *out), (n, p, stream, offset, out)) \
  F(void, dropout_f32, (size_t n, float keep, const float *x, const fl_stream *stream, uint64_t \
    offset, float *y), (n, keep, x, stream, offset, y)) \
  F(void, sgd_f32, (size_t n, const fl_gradient *gradient, const fl_sgd *sgd, float *parameter, \
    float *momentum), (n, gradient, sgd, parameter, momentum)) \
  F(void, adam_f32, (size_t n, const fl_gradient *gradient, const fl_adam *adam, float \
    *parameter, float *m, float *v), (n, gradient, adam, parameter, m, v)) \
  F(void, rmsprop_f32, (size_t n, const fl_gradient *gradient, const fl_rmsprop *rmsprop, float \
    *parameter, float *square, float *average, float *momentum), (n, gradient, rmsprop, parameter, \
    square, average, momentum)) \
  F(void, adagrad_f32, (size_t n, const fl_gradient *gradient, const fl_adagrad *adagrad, float \
    *parameter, float *sum), (n, gradient, adagrad, parameter, sum)) \
  F(void, gradient_f32, (size_t n, const fl_gradient *gradient, float *out), (n, gradient, out)) \
  F(void, linear_example_norms_f32, (size_t examples, size_t time, size_t inputs, size_t \
    outputs, const float *a, const float *g, float *squared_norms), (examples, time, inputs, \
    outputs, a, g, squared_norms)) \
  F(double, sumsq_fast_f32, (size_t n, const float *x), (n, x)) \
  F(void, joint_example_norms_f32, (size_t examples, size_t time, size_t parts, const float \
    *const *a, const size_t *widths, double constant, size_t outputs, const float *g, float \
    *squared_norms), (examples, time, parts, a, widths, constant, outputs, g, squared_norms)) \
  F(void, bias_example_norms_f32, (size_t examples, size_t time, size_t columns, const float *g, \
    float *squared_norms), (examples, time, columns, g, squared_norms)) \
  F(void, layernorm_example_norms_f32, (size_t examples, size_t time, size_t columns, const \
    float *dy, const float *x, const float *mean, const float *rstd, float *squared_norms), \
    (examples, time, columns, dy, x, mean, rstd, squared_norms)) \
  F(void, embedding_example_norms_f32, (size_t examples, size_t time, size_t width, const \
    int64_t *indices, const int32_t *lengths, const float *g, float *squared_norms), (examples, \
    time, width, indices, lengths, g, squared_norms)) \
  F(void, bag_example_norms_f32, (size_t examples, size_t time, size_t width, const int64_t \
    *indices, const int32_t *lengths, const float *g, float *squared_norms), (examples, time, \
    width, indices, lengths, g, squared_norms)) \
  F(void, gemm_f32, (int transpose_a, int transpose_b, size_t m, size_t n, size_t k, float \
    alpha, const float *a, size_t lda, const float *b, size_t ldb, float beta, float *c, size_t \
    ldc), (transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)) \
  F(uint64_t, fma_peak, (uint64_t iterations), (iterations)) \
  F(void, attention_mask_f32, (size_t rows, size_t columns, ptrdiff_t base, ptrdiff_t step, \
    ptrdiff_t limit, float *scores, size_t stride), (rows, columns, base, step, limit, scores, \
    stride)) \
  F(void, attention_weights_f32, (size_t rows, size_t columns, float scale, const float \
    *normalizers, float *scores, size_t stride), (rows, columns, scale, normalizers, scores, \
    stride)) \
  F(void, attention_backward_f32, (size_t rows, size_t columns, float scale, const float *means, \
    const float *weights, float *gradients, size_t stride), (rows, columns, scale, means, weights, \
    gradients, stride)) \
  F(void, online_softmax_f32, (size_t rows, size_t columns, float scale, float *scores, size_t \
    stride, float *running_max, float *running_sum, float *correction), (rows, columns, scale, \
    scores, stride, running_max, running_sum, correction)) \
  F(void, linear_few_f32, (size_t examples, size_t inputs, size_t outputs, const float *x, size_t \
    x_stride, const float *w, const float *bias, float *y, size_t y_stride), (examples, inputs, \
    outputs, x, x_stride, w, bias, y, y_stride)) \
  F(void, attend_few_f32, (size_t count, size_t width, size_t keys, const float *q, size_t \
    q_stride, const float *k, const float *v, float scale, float *scores, float *y, size_t \
    y_stride), (count, width, keys, q, q_stride, k, v, scale, scores, y, y_stride))
// clang-format on

#endif
