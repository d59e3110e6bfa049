// CKernels: the numeric loops of Fairlead, in C, with run-time dispatch over the processor's vector
// instructions.
//
// Conventions
// - Every kernel is single-threaded, allocates nothing and touches only the ranges that its
//   parameters describe. The caller cuts work into blocks (Tensor's `Parallel`) and calls a kernel
//   for each block.
// - Matrices are row-major and contiguous unless a `_stride` parameter (in elements, from row to
//   row) says otherwise. Pointers need no alignment. Counts may be zero.
// - An output may be the same pointer as an input of the same shape (in place) unless stated
//   otherwise; partly overlapping ranges are not allowed.
// - "NULL" in a comment marks a pointer that may be null.
// - All arithmetic is written on 16 lanes with a fixed order of accumulation and explicit fused
//   multiply-adds, so the levels give the same bits. The exceptions are `fl_gemm_*`
//   and the users of products: below AVX2 on x86-64 they round products before adding.
// - NaN is propagated (maxima included); functions follow IEEE 754 and PyTorch at infinities.
#ifndef FAIRLEAD_CKERNELS_H
#define FAIRLEAD_CKERNELS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---------------------------------------------------------------------------------------------
// Levels

/// The levels of vector instructions that kernels are compiled for.
enum {
  /// Portable C: SSE2 on x86-64, NEON on arm64.
  FL_LEVEL_PLAIN = 0,
  /// AVX2 and FMA.
  FL_LEVEL_AVX2 = 1,
  /// AVX-512 F, BW, DQ and VL.
  FL_LEVEL_AVX512 = 2,
};

/// The best level of this processor.
int fl_best_cpu_level(void);
/// The level in use; at start, the best one.
int fl_cpu_level(void);
/// Uses `level`, or the best level when it is higher than that, and returns the level in use. For
/// tests and measurements; not while other threads run kernels.
int fl_set_cpu_level(int level);

// ---------------------------------------------------------------------------------------------
// Element-wise functions: y[i] = f(x[i]) for i in 0..<n

void fl_exp_f32(size_t n, const float *x, float *y);
void fl_expm1_f32(size_t n, const float *x, float *y);
void fl_log_f32(size_t n, const float *x, float *y);
void fl_log1p_f32(size_t n, const float *x, float *y);
void fl_sqrt_f32(size_t n, const float *x, float *y);
void fl_rsqrt_f32(size_t n, const float *x, float *y);
void fl_tanh_f32(size_t n, const float *x, float *y);
void fl_sigmoid_f32(size_t n, const float *x, float *y);
void fl_relu_f32(size_t n, const float *x, float *y);
/// x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), as GPT-2.
void fl_gelu_tanh_f32(size_t n, const float *x, float *y);
/// x/2 (1 + erf(x / sqrt 2)), as BERT.
void fl_gelu_erf_f32(size_t n, const float *x, float *y);
/// x sigmoid(x).
void fl_silu_f32(size_t n, const float *x, float *y);
/// log(1 + e^x).
void fl_softplus_f32(size_t n, const float *x, float *y);
void fl_sin_f32(size_t n, const float *x, float *y);
void fl_cos_f32(size_t n, const float *x, float *y);
void fl_abs_f32(size_t n, const float *x, float *y);
void fl_neg_f32(size_t n, const float *x, float *y);
void fl_square_f32(size_t n, const float *x, float *y);
void fl_reciprocal_f32(size_t n, const float *x, float *y);
void fl_erf_f32(size_t n, const float *x, float *y);
void fl_floor_f32(size_t n, const float *x, float *y);
void fl_ceil_f32(size_t n, const float *x, float *y);
void fl_trunc_f32(size_t n, const float *x, float *y);
/// To the nearest integer, halves to even.
void fl_round_f32(size_t n, const float *x, float *y);
/// -1, 0 or 1; NaN for NaN.
void fl_sign_f32(size_t n, const float *x, float *y);
/// Values below `low` become `low`, above `high` become `high`.
void fl_clamp_f32(size_t n, const float *x, float low, float high, float *y);

// dx[i] = dy[i] f'(…), from the output y or the input x, whichever is given.
void fl_sqrt_backward_f32(size_t n, const float *dy, const float *y, float *dx);
void fl_rsqrt_backward_f32(size_t n, const float *dy, const float *y, float *dx);
void fl_tanh_backward_f32(size_t n, const float *dy, const float *y, float *dx);
void fl_sigmoid_backward_f32(size_t n, const float *dy, const float *y, float *dx);
/// `y` may be the output or the input: only whether it is positive matters.
void fl_relu_backward_f32(size_t n, const float *dy, const float *y, float *dx);
void fl_reciprocal_backward_f32(size_t n, const float *dy, const float *y, float *dx);
void fl_gelu_tanh_backward_f32(size_t n, const float *dy, const float *x, float *dx);
void fl_gelu_erf_backward_f32(size_t n, const float *dy, const float *x, float *dx);
void fl_silu_backward_f32(size_t n, const float *dy, const float *x, float *dx);
void fl_softplus_backward_f32(size_t n, const float *dy, const float *x, float *dx);
void fl_abs_backward_f32(size_t n, const float *dy, const float *x, float *dx);
void fl_erf_backward_f32(size_t n, const float *dy, const float *x, float *dx);
void fl_sin_backward_f32(size_t n, const float *dy, const float *x, float *dx);
void fl_cos_backward_f32(size_t n, const float *dy, const float *x, float *dx);
/// dx = dy where low <= x <= high, else 0.
void fl_clamp_backward_f32(size_t n, const float *dy, const float *x, float low, float high,
                           float *dx);

// ---------------------------------------------------------------------------------------------
// Binary operations. The letters after the name say what the operands are:
//   vv  two vectors of n            vs  vector and scalar         sv  scalar and vector
//   vr  matrix [rows, columns] and one row [columns], used for every row;   rv  the reverse
//   vc  matrix [rows, columns] and one column [rows], used for every column; cv  the reverse

#define FL_DECLARE_BINARY(name)                                                                   \
  void fl_##name##_vv_f32(size_t n, const float *a, const float *b, float *y);                    \
  void fl_##name##_vs_f32(size_t n, const float *a, float b, float *y);                           \
  void fl_##name##_sv_f32(size_t n, float a, const float *b, float *y);                           \
  void fl_##name##_vr_f32(size_t rows, size_t columns, const float *a, const float *b, float *y); \
  void fl_##name##_rv_f32(size_t rows, size_t columns, const float *a, const float *b, float *y); \
  void fl_##name##_vc_f32(size_t rows, size_t columns, const float *a, const float *b, float *y); \
  void fl_##name##_cv_f32(size_t rows, size_t columns, const float *a, const float *b, float *y);

FL_DECLARE_BINARY(add)
FL_DECLARE_BINARY(sub)
FL_DECLARE_BINARY(mul)
FL_DECLARE_BINARY(div)
FL_DECLARE_BINARY(min)  // NaN when either is NaN
FL_DECLARE_BINARY(max)  // NaN when either is NaN
FL_DECLARE_BINARY(pow)

// Comparisons give bytes 0 or 1; comparisons with NaN are false but `ne`.
#define FL_DECLARE_COMPARE(name)                                                     \
  void fl_##name##_vv_f32(size_t n, const float *a, const float *b, uint8_t *y);     \
  void fl_##name##_vs_f32(size_t n, const float *a, float b, uint8_t *y);            \
  void fl_##name##_vv_i64(size_t n, const int64_t *a, const int64_t *b, uint8_t *y); \
  void fl_##name##_vs_i64(size_t n, const int64_t *a, int64_t b, uint8_t *y);

FL_DECLARE_COMPARE(eq)
FL_DECLARE_COMPARE(ne)
FL_DECLARE_COMPARE(lt)
FL_DECLARE_COMPARE(le)
FL_DECLARE_COMPARE(gt)
FL_DECLARE_COMPARE(ge)

// Integers wrap around.
#define FL_DECLARE_INTEGER(name)                                                     \
  void fl_##name##_vv_i64(size_t n, const int64_t *a, const int64_t *b, int64_t *y); \
  void fl_##name##_vs_i64(size_t n, const int64_t *a, int64_t b, int64_t *y);        \
  void fl_##name##_sv_i64(size_t n, int64_t a, const int64_t *b, int64_t *y);

FL_DECLARE_INTEGER(add)
FL_DECLARE_INTEGER(sub)
FL_DECLARE_INTEGER(mul)
FL_DECLARE_INTEGER(min)
FL_DECLARE_INTEGER(max)

/// y[i] = mask[i] ? a[i] : b[i].
void fl_select_f32(size_t n, const uint8_t *mask, const float *a, const float *b, float *y);
void fl_select_i64(size_t n, const uint8_t *mask, const int64_t *a, const int64_t *b, int64_t *y);
// Logic on bytes: zero is false, everything else true; the results are 0 or 1.
void fl_and_u8(size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y);
void fl_or_u8(size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y);
void fl_xor_u8(size_t n, const uint8_t *a, const uint8_t *b, uint8_t *y);
void fl_not_u8(size_t n, const uint8_t *a, uint8_t *y);
/// Whether any byte, all bytes are non-zero (all of none is 1); how many are.
int fl_any_u8(size_t n, const uint8_t *a);
int fl_all_u8(size_t n, const uint8_t *a);
size_t fl_count_u8(size_t n, const uint8_t *a);

/// y += alpha x.
void fl_axpy_f32(size_t n, float alpha, const float *x, float *y);
/// y = alpha x + beta y; with beta 0 the old y does not count, whatever it holds.
void fl_axpby_f32(size_t n, float alpha, const float *x, float beta, float *y);
/// y = alpha x.
void fl_scale_f32(size_t n, float alpha, const float *x, float *y);
/// y += a b, element by element.
void fl_multiply_accumulate_f32(size_t n, const float *a, const float *b, float *y);
/// y[r, c] += weights[r] x[r, c].
void fl_axpy_rows_f32(size_t rows, size_t columns, const float *weights, const float *x, float *y);
/// total[i] += value[i], for long accumulations (federated sums, moving averages).
void fl_accumulate_f64(size_t n, double alpha, const float *x, double *y);

// ---------------------------------------------------------------------------------------------
// Moving and converting

void fl_fill_f32(size_t n, float value, float *y);
void fl_fill_i64(size_t n, int64_t value, int64_t *y);
/// Copies a matrix of 4-byte elements (f32, i32); strides from row to row and from column to
/// column, in elements; they may be zero (broadcast) or negative in the source.
void fl_copy_strided_b4(size_t rows, size_t columns, const void *x, ptrdiff_t x_row_stride,
                        ptrdiff_t x_column_stride, void *y, ptrdiff_t y_row_stride,
                        ptrdiff_t y_column_stride);
/// The same with 8-byte elements (i64, f64) and with bytes.
void fl_copy_strided_b8(size_t rows, size_t columns, const void *x, ptrdiff_t x_row_stride,
                        ptrdiff_t x_column_stride, void *y, ptrdiff_t y_row_stride,
                        ptrdiff_t y_column_stride);
void fl_copy_strided_b1(size_t rows, size_t columns, const void *x, ptrdiff_t x_row_stride,
                        ptrdiff_t x_column_stride, void *y, ptrdiff_t y_row_stride,
                        ptrdiff_t y_column_stride);
/// y [columns, rows] = transpose of x [rows, columns]; not in place.
void fl_transpose_f32(size_t rows, size_t columns, const float *x, size_t x_stride, float *y,
                      size_t y_stride);

// Conversions; to integers towards zero, NaN to 0, saturating at the ends of the type.
void fl_convert_f32_f64(size_t n, const float *x, double *y);
void fl_convert_f64_f32(size_t n, const double *x, float *y);
void fl_convert_f32_i64(size_t n, const float *x, int64_t *y);
void fl_convert_i64_f32(size_t n, const int64_t *x, float *y);
void fl_convert_f32_i32(size_t n, const float *x, int32_t *y);
void fl_convert_i32_f32(size_t n, const int32_t *x, float *y);
void fl_convert_i64_i32(size_t n, const int64_t *x, int32_t *y);  // saturating
void fl_convert_i32_i64(size_t n, const int32_t *x, int64_t *y);
void fl_convert_f32_u8(size_t n, const float *x, uint8_t *y);     // 1 where x != 0 (truth)
void fl_convert_i64_u8(size_t n, const int64_t *x, uint8_t *y);   // 1 where x != 0 (truth)
void fl_convert_u8_f32(size_t n, const uint8_t *x, float *y);
void fl_convert_u8_i64(size_t n, const uint8_t *x, int64_t *y);

// ---------------------------------------------------------------------------------------------
// Reductions. Sums accumulate in f64 on 16 lanes, lane i taking elements i, 16+i, …; the lanes are
// then added pairwise. Blocks of one array are combined by the caller in index order.

double fl_sum_f32(size_t n, const float *x);
double fl_dot_f32(size_t n, const float *a, const float *b);
/// Sum of squares.
double fl_sumsq_f32(size_t n, const float *x);
/// The same with sums in f32 over pieces of 8192 numbers: a relative error of some 1e-6, and several times as fast.
double fl_sumsq_fast_f32(size_t n, const float *x);
/// Sum of |x|.
double fl_sumabs_f32(size_t n, const float *x);
/// Sum of (x - center)^2.
double fl_sumsq_centered_f32(size_t n, const float *x, double center);
int64_t fl_sum_i64(size_t n, const int64_t *x);  // wraps around
/// Largest (smallest) element, NaN if there is one; -inf (+inf) for n = 0.
float fl_max_f32(size_t n, const float *x);
float fl_min_f32(size_t n, const float *x);
int64_t fl_max_i64(size_t n, const int64_t *x);
int64_t fl_min_i64(size_t n, const int64_t *x);
/// Index of the first largest element, the first NaN if there is one; -1 for n = 0.
int64_t fl_argmax_f32(size_t n, const float *x);
int64_t fl_argmin_f32(size_t n, const float *x);
/// 1 if there is a NaN or an infinity.
int fl_has_nonfinite_f32(size_t n, const float *x);
int fl_has_nan_f32(size_t n, const float *x);

/// out[r] = scale * sum of row r (scale = 1/columns gives the mean).
void fl_sum_rows_f32(size_t rows, size_t columns, const float *x, size_t stride, float scale,
                     float *out);
void fl_sumsq_rows_f32(size_t rows, size_t columns, const float *x, size_t stride, float *out);
void fl_max_rows_f32(size_t rows, size_t columns, const float *x, size_t stride, float *out);
void fl_min_rows_f32(size_t rows, size_t columns, const float *x, size_t stride, float *out);
void fl_argmax_rows_f32(size_t rows, size_t columns, const float *x, size_t stride, int64_t *out);
/// out[r] = dot product of rows r of a and b.
void fl_dot_rows_f32(size_t rows, size_t columns, const float *a, size_t a_stride, const float *b,
                     size_t b_stride, float *out);
/// out[c] = sum over r of weights[r] x[r, c] (weights NULL: 1), added to out when `accumulate`.
/// The bias gradient.
void fl_sum_columns_f32(size_t rows, size_t columns, const float *x, size_t stride,
                        const float *weights, int accumulate, float *out);
void fl_max_columns_f32(size_t rows, size_t columns, const float *x, size_t stride, float *out);

// ---------------------------------------------------------------------------------------------
// Softmax and losses

/// y = softmax(scale x) for each row.
void fl_softmax_rows_f32(size_t rows, size_t columns, float scale, const float *x, float *y);
/// The same over the first lengths[r] columns of row r (at most `columns`); the rest becomes 0.
void fl_softmax_prefix_f32(size_t rows, size_t columns, float scale, const int32_t *lengths,
                           const float *x, float *y);
/// dx = scale y (dy - sum(dy y)).
void fl_softmax_backward_f32(size_t rows, size_t columns, float scale, const float *dy,
                             const float *y, float *dx);
void fl_log_softmax_rows_f32(size_t rows, size_t columns, float scale, const float *x, float *y);
/// dx = scale (dy - exp(y) sum(dy)).
void fl_log_softmax_backward_f32(size_t rows, size_t columns, float scale, const float *dy,
                                 const float *y, float *dx);
/// out[r] = log(sum(exp(x[r, :]))).
void fl_logsumexp_rows_f32(size_t rows, size_t columns, const float *x, float *out);

/// What a block of a loss adds up to.
typedef struct {
  /// Sum of the losses of the rows that count.
  double loss;
  /// Rows whose label is not the ignored one.
  size_t counted;
  /// Counted rows whose largest logit (the first of equals) is at the label.
  size_t correct;
  /// Rows whose label is no class: loss NaN, gradient 0. The caller reports them.
  size_t invalid;
} fl_loss_result;

/// Softmax cross-entropy with integer labels, forward and backward in one pass over each row.
/// loss[r] = -sum_j t_j log p_j with t = (1 - smoothing) onehot + smoothing / classes;
/// gradient[r, :] = scale row_scale[r] (p - t); rows whose label is `ignore_index` give 0.
/// losses NULL, gradient NULL (evaluation only; may equal logits), row_scale NULL (1).
/// With `accumulate` the gradient is added to what is there.
fl_loss_result fl_softmax_xent_i64_f32(size_t rows, size_t classes, const float *logits,
                                       const int64_t *labels, int64_t ignore_index,
                                       float smoothing, float scale, const float *row_scale,
                                       int accumulate, float *losses, float *gradient);
fl_loss_result fl_softmax_xent_i32_f32(size_t rows, size_t classes, const float *logits,
                                       const int32_t *labels, int32_t ignore_index,
                                       float smoothing, float scale, const float *row_scale,
                                       int accumulate, float *losses, float *gradient);
/// Cross-entropy with soft targets: loss[r] = -sum_j targets[r, j] log softmax(logits)_j;
/// gradient = scale row_scale[r] (p sum(targets) - targets). Returns the sum of losses.
double fl_softmax_soft_xent_f32(size_t rows, size_t classes, const float *logits,
                                const float *targets, float scale, const float *row_scale,
                                int accumulate, float *losses, float *gradient);
/// Divergences between the teacher's p and the student's q, both softmaxes at a temperature.
enum {
  /// KL(p || q), Hinton et al. 2015.
  FL_FORWARD_KL = 0,
  /// KL(q || p).
  FL_REVERSE_KL = 1,
  /// beta KL(p || m) + (1 - beta) KL(q || m) with m = beta p + (1 - beta) q, Agarwal et al. 2024; 0 < beta < 1.
  FL_JENSEN_SHANNON = 2,
  /// KL(p || alpha p + (1 - alpha) q), Ko et al. 2024; 0 <= alpha < 1.
  FL_SKEW_KL = 3,
  /// KL(q || alpha q + (1 - alpha) p); 0 <= alpha < 1.
  FL_SKEW_REVERSE_KL = 4,
};

typedef struct {
  /// One of the above.
  int divergence;
  /// beta or alpha.
  float parameter;
  float temperature;
  /// What multiplies the gradients of the divergence and of the cross-entropy; 0: no cross-entropy.
  float soft_weight, hard_weight;
  /// With the largest logits only: all other classes are one more class. Without, both softmaxes are over the k
  /// classes.
  int tail_bucket;
  /// Rows with this label count for nothing.
  int64_t ignore_index;
} fl_distillation;

/// Sums over the rows that count.
typedef struct {
  double soft, hard;
  size_t counted;
  /// Rows whose label is no class: they count for nothing. The caller reports them.
  size_t invalid;
} fl_distillation_result;

/// soft_losses[r] = the divergence of row r, hard_losses[r] = the cross-entropy with labels[r] at temperature 1 (0
/// where hard_weight is 0), neither of them weighted; gradient = row_scale[r] d(soft_weight soft + hard_weight hard) /
/// d student. labels NULL (no cross-entropy, every row counts), row_scale NULL (1), losses NULL, gradient NULL;
/// scratch: 2 columns. The gradient may not overlap the logits.
fl_distillation_result fl_distillation_f32(size_t rows, size_t columns, const float *student,
                                           const float *teacher, const int64_t *labels,
                                           const fl_distillation *settings, const float *row_scale,
                                           float *scratch, float *soft_losses, float *hard_losses,
                                           float *gradient);
/// The same for a teacher that is known by its k largest logits: ids and values [rows, k] (the ids of a row differ and
/// lie within 0 and columns), and tails[r] = log of the sum of e^(z / temperature) over all other classes. scratch:
/// columns + 5 (k + 1).
fl_distillation_result fl_distillation_top_f32(
    size_t rows, size_t columns, const float *student, size_t k, const int32_t *ids,
    const float *values, const float *tails, const int64_t *labels,
    const fl_distillation *settings, const float *row_scale, float *scratch, float *soft_losses,
    float *hard_losses, float *gradient);
/// losses[r] = 1 - cosine of rows a and b; gradient = row_scale[r] times its derivative by a.
/// row_scale NULL (1), losses NULL, gradient NULL.
void fl_cosine_distance_f32(size_t rows, size_t columns, const float *a, const float *b,
                            const float *row_scale, float *losses, float *gradient);
/// The k <= columns largest elements of each row, largest first, of equal ones the first; NaN counts as small.
void fl_largest_rows_f32(size_t rows, size_t columns, size_t k, const float *x, int32_t *ids,
                         float *values);
/// log of the sum of e^(x / temperature) over the elements that `ids` [rows, k] does not name; -inf without any.
/// scratch: columns.
void fl_tail_logsumexp_f32(size_t rows, size_t columns, size_t k, const float *x,
                           const int32_t *ids, float temperature, float *scratch, float *tails);
/// IEEE half precision: to nearest, ties to even.
void fl_convert_f32_f16(size_t n, const float *x, uint16_t *y);
void fl_convert_f16_f32(size_t n, const uint16_t *x, float *y);
/// Binary cross-entropy with logits: loss = softplus(x) - target x; gradient = scale (sigmoid(x) -
/// target). losses NULL, gradient NULL. Returns the sum of losses.
double fl_sigmoid_xent_f32(size_t n, const float *logits, const float *targets, float scale,
                           float *losses, float *gradient);

// ---------------------------------------------------------------------------------------------
// Normalisation over the last dimension

/// s = x + residual (residual NULL: s = x; `sum` NULL unless s is wanted);
/// y = (s - mean) rstd gamma + beta with rstd = 1/sqrt(var + epsilon), var over `columns` (biased).
/// gamma, beta NULL (1, 0); mean and rstd [rows] are kept for the backward pass.
void fl_layernorm_f32(size_t rows, size_t columns, const float *x, const float *residual,
                      const float *gamma, const float *beta, float epsilon, float *sum, float *y,
                      float *mean, float *rstd);
/// dx from dy; `x` is the normalised input s. With `accumulate`, added to dx (residual branch).
void fl_layernorm_backward_f32(size_t rows, size_t columns, const float *dy, const float *x,
                               const float *gamma, const float *mean, const float *rstd,
                               int accumulate, float *dx);
/// dgamma += sum_r weights[r] dy (x - mean) rstd; dbeta += sum_r weights[r] dy. weights, dgamma,
/// dbeta NULL.
void fl_layernorm_parameters_f32(size_t rows, size_t columns, const float *dy, const float *x,
                                 const float *mean, const float *rstd, const float *weights,
                                 float *dgamma, float *dbeta);
/// y = s rrms gamma with rrms = 1/sqrt(mean(s^2) + epsilon); otherwise as the layer norm.
void fl_rmsnorm_f32(size_t rows, size_t columns, const float *x, const float *residual,
                    const float *gamma, float epsilon, float *sum, float *y, float *rrms);
void fl_rmsnorm_backward_f32(size_t rows, size_t columns, const float *dy, const float *x,
                             const float *gamma, const float *rrms, int accumulate, float *dx);
void fl_rmsnorm_parameters_f32(size_t rows, size_t columns, const float *dy, const float *x,
                               const float *rrms, const float *weights, float *dgamma);

// ---------------------------------------------------------------------------------------------
// Bias and activation

enum {
  FL_ACTIVATION_NONE = 0,
  FL_ACTIVATION_RELU = 1,
  FL_ACTIVATION_TANH = 2,
  FL_ACTIVATION_SIGMOID = 3,
  FL_ACTIVATION_GELU_TANH = 4,
  FL_ACTIVATION_GELU_ERF = 5,
  FL_ACTIVATION_SILU = 6,
};

/// s = x + bias (bias [columns], NULL: 0); y = activation(s); s is stored in `pre` unless NULL.
void fl_bias_activation_f32(int activation, size_t rows, size_t columns, const float *x,
                            const float *bias, float *pre, float *y);
/// dx = dy activation' for n numbers; dx may be dy. `saved` is y for none (NULL), relu, tanh and sigmoid, and s for
/// gelu and silu. y, unless NULL, is given activation(saved): where s was saved, what need not have been.
void fl_bias_activation_backward_f32(int activation, size_t n, const float *dy, const float *saved,
                                     float *dx, float *y);

// ---------------------------------------------------------------------------------------------
// Embeddings. Tables are [table_rows, width]. An index outside 0..<table_rows stands for a row of
// zeros and receives nothing (padding is -1); the functions return how many indices were outside.

size_t fl_gather_rows_i64_f32(size_t count, size_t width, const float *table, size_t table_rows,
                              const int64_t *indices, float *out);
size_t fl_gather_rows_i32_f32(size_t count, size_t width, const float *table, size_t table_rows,
                              const int32_t *indices, float *out);
/// Bag: out[b, :] = mean over t < lengths[b] of table[indices[b, t]], indices [bags, length];
/// lengths NULL: all have `length`. A bag of length 0 gives zeros.
size_t fl_bag_mean_i64_f32(size_t bags, size_t length, size_t width, const float *table,
                           size_t table_rows, const int64_t *indices, const int32_t *lengths,
                           float *out);
size_t fl_bag_mean_i32_f32(size_t bags, size_t length, size_t width, const float *table,
                           size_t table_rows, const int32_t *indices, const int32_t *lengths,
                           float *out);
/// table[indices[i]] += weights[i] x[i, :], in the order of i; weights NULL (1).
size_t fl_scatter_add_rows_i64_f32(size_t count, size_t width, const float *x, size_t x_stride,
                                   const float *weights, const int64_t *indices,
                                   size_t table_rows, float *table);
size_t fl_scatter_add_rows_i32_f32(size_t count, size_t width, const float *x, size_t x_stride,
                                   const float *weights, const int32_t *indices,
                                   size_t table_rows, float *table);

/// Groups equal indices, so that the sum for each table row is made by one thread in a fixed order.
/// Groups are in order of first appearance, positions within one ascending. Indices outside
/// 0..<table_rows, and positions t >= lengths[b] of row b = position / length, are left out
/// (lengths NULL: none). count < 2^31.
/// scratch [table_rows]: all -1 on entry. On return scratch[row] is the row's group, -1 for none:
/// just the `row_map` of an fl_gradient; reset it with fl_group_reset.
/// groups [min(count, table_rows)] gets the row of each group; offsets [that + 1] and positions
/// [count] say which positions belong to it. Returns the number of groups.
size_t fl_group_indices_i64(size_t count, size_t length, const int64_t *indices,
                            const int32_t *lengths, size_t table_rows, int32_t *scratch,
                            int32_t *groups, int32_t *offsets, int32_t *positions);
size_t fl_group_indices_i32(size_t count, size_t length, const int32_t *indices,
                            const int32_t *lengths, size_t table_rows, int32_t *scratch,
                            int32_t *groups, int32_t *offsets, int32_t *positions);
/// scratch[groups[i]] = -1 for all groups.
void fl_group_reset(size_t group_count, const int32_t *groups, int32_t *scratch);
/// For each group g in first_group..<last_group: out[g, :] = sum over its positions p of
/// weights[q] x[q, :] with q = p / divisor (divisor 1: a gradient for each token; divisor = length:
/// one for each bag). weights NULL (1). `x_stride` from row to row of x.
void fl_group_sum_f32(size_t first_group, size_t last_group, size_t width, const int32_t *offsets,
                      const int32_t *positions, size_t divisor, const float *x, size_t x_stride,
                      const float *weights, float *out);

// ---------------------------------------------------------------------------------------------
// Recurrent cells, one time step for a block of rows. `active` [batch] (NULL: all) marks the rows
// that are not past their end; the others keep their state and get no gradient.

/// LSTM, gates in the order i, f, g, o as in PyTorch. pre [batch, 4 hidden] holds the sums of both
/// products, bias [4 hidden] (NULL: 0) is added here. i, f, o = sigmoid, g = tanh;
/// c = f c_prev + i g; h = o tanh(c). Activated gates go to `gates` (may be `pre`), tanh(c) to
/// `tanh_c` [batch, hidden] (NULL: not kept). c_prev, h_prev NULL: zeros (h_prev serves inactive
/// rows only). c, c_prev and tanh_c have stride c_stride. Inactive rows: c = c_prev, h = h_prev,
/// gates = 0.
void fl_lstm_cell_f32(size_t batch, size_t hidden, const float *pre, size_t pre_stride,
                      const float *bias, const float *c_prev, size_t c_stride,
                      const float *h_prev, size_t h_prev_stride, const uint8_t *active,
                      float *gates, size_t gates_stride, float *c, float *tanh_c, float *h,
                      size_t h_stride);
/// Gradient of the step. dh is what comes from above, dh_next (NULL: 0) [batch, hidden] what comes
/// from the next step; dc is the gradient of c on entry and of c_prev on return. dgates is the
/// gradient of `pre` (may be `gates`). dh_pass (NULL: not wanted) [batch, hidden] gets dh + dh_next
/// in inactive rows and 0 in the others: the start of the gradient of h_prev, to which the caller
/// adds dgates W. tanh_c NULL: computed again from c. Strides as in the forward step; dh_next,
/// dh_pass and dc are contiguous.
void fl_lstm_cell_backward_f32(size_t batch, size_t hidden, const float *gates,
                               size_t gates_stride, const float *c_prev, const float *c,
                               const float *tanh_c, size_t c_stride, const uint8_t *active,
                               const float *dh, size_t dh_stride, const float *dh_next, float *dc,
                               float *dh_pass, float *dgates, size_t dgates_stride);
/// GRU, gates in the order r, z, n as in PyTorch. x_pre and h_pre [batch, 3 hidden] hold the two
/// products with their biases. r, z = sigmoid(x + h); n = tanh(x_n + r h_n);
/// h = (1 - z) n + z h_prev. saved [batch, 4 hidden] keeps r, z, n and h_n.
void fl_gru_cell_f32(size_t batch, size_t hidden, const float *x_pre, size_t x_stride,
                     const float *h_pre, size_t h_pre_stride, const float *h_prev,
                     size_t h_prev_stride, const uint8_t *active, float *saved, float *h,
                     size_t h_stride);
/// Gradient of the step: dx_pre and dh_pre [batch, 3 hidden], and dh_prev [batch, hidden] = the
/// part that does not go through h_pre.
void fl_gru_cell_backward_f32(size_t batch, size_t hidden, const float *saved, const float *h_prev,
                              size_t h_prev_stride, const uint8_t *active, const float *dh,
                              size_t dh_stride, const float *dh_next, float *dx_pre,
                              size_t dx_stride, float *dh_pre, size_t dh_pre_stride,
                              float *dh_prev);

// ---------------------------------------------------------------------------------------------
// Pooling over time: x [batch, time, channels], lengths [batch] (NULL: time)

/// y [batch, channels] and the time of each maximum (argmax NULL; -1 and y = 0 for length 0).
void fl_maxpool_time_f32(size_t batch, size_t time, size_t channels, const float *x,
                         const int32_t *lengths, float *y, int32_t *argmax);
/// dx [batch, time, channels], all of it written.
void fl_maxpool_time_backward_f32(size_t batch, size_t time, size_t channels, const float *dy,
                                  const int32_t *argmax, float *dx);
void fl_meanpool_time_f32(size_t batch, size_t time, size_t channels, const float *x,
                          const int32_t *lengths, float *y);
void fl_meanpool_time_backward_f32(size_t batch, size_t time, size_t channels, const float *dy,
                                   const int32_t *lengths, float *dx);

// ---------------------------------------------------------------------------------------------
// Windows over one image [height, width, channels], channels last: convolution as a matrix product,
// and pooling

typedef struct {
  size_t height, width, channels;
  size_t out_height, out_width;
  size_t kernel_height, kernel_width;
  size_t stride_height, stride_width;
  /// Negative where the first window begins inside of the image.
  ptrdiff_t pad_top, pad_left;
  size_t dilation_height, dilation_width;
} fl_window;

/// columns [out_height out_width, kernel_height kernel_width count]: what each window sees of the
/// `count` channels from `first` on; zero in the padding.
void fl_im2col_f32(const fl_window *window, size_t first, size_t count, const float *x,
                   float *columns);
/// Adds the columns to where they were taken from.
void fl_col2im_add_f32(const fl_window *window, size_t first, size_t count, const float *columns,
                       float *x);
/// y [out_height, out_width, channels] and the number of the window's place that each maximum comes
/// from, in row order. Padding is never the maximum; a NaN is, and the first of equals. A window
/// has at most 65535 places.
void fl_maxpool_window_f32(const fl_window *window, const float *x, float *y, uint16_t *where);
/// dx, all of it written.
void fl_maxpool_window_backward_f32(const fl_window *window, const float *dy,
                                    const uint16_t *where, float *dx);
/// The mean over the window; padding counts as zeros where `count_padding` is set and not at all
/// otherwise.
void fl_meanpool_window_f32(const fl_window *window, int count_padding, const float *x, float *y);
void fl_meanpool_window_backward_f32(const fl_window *window, int count_padding, const float *dy,
                                     float *dx);

// ---------------------------------------------------------------------------------------------
// Random numbers: counter-based streams. Element e of a stream depends on (generator, key, stream,
// e) alone, so any block can be made anywhere, in any order, on any level, with the same bits.

enum {
  /// Philox 4x32-10 (Salmon et al. 2011), for seeded experiments: not cryptographic.
  FL_GENERATOR_PHILOX = 0,
  /// AES-128 in counter mode: as hard to predict as the key, and faster where the processor has AES
  /// instructions. (The secrecy of the key and the exactness of samplers are the caller's matter.)
  FL_GENERATOR_AES = 1,
};

/// One stream of random numbers.
typedef struct {
  /// Philox: the key (low word first). AES: the low half of the key.
  uint64_t key;
  /// AES: the high half of the key. Philox: must be 0.
  uint64_t key_high;
  /// Which stream of this key.
  uint64_t stream;
  /// FL_GENERATOR_PHILOX or FL_GENERATOR_AES.
  uint32_t generator;
} fl_stream;

/// One block of Philox 4x32-10, as published: out = philox(counter, key).
void fl_philox_block(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);
/// One block of AES-128, as published (FIPS 197).
void fl_aes128_block(const uint8_t key[16], const uint8_t in[16], uint8_t out[16]);
/// Raw words. Philox: elements 32 s … 32 s + 31 come from the eight counters 8 s … 8 s + 7 (with
/// the stream in the upper 64 bits); the first 16 are words 1, 0 of each, the last 16 words 3, 2.
/// AES: element e is little-endian word e % 4 of the block that encrypts (e / 4, stream).
void fl_random_u32(size_t n, const fl_stream *stream, uint64_t offset, uint32_t *out);
/// Uniform in [low, high): multiples of 2^-24 (high - low), rounded.
void fl_random_uniform_f32(size_t n, float low, float high, const fl_stream *stream,
                           uint64_t offset, float *out);
/// Normal by Box-Muller from pairs of words (i, 16 + i) of each 32: z = sqrt(-2 ln u) cos or sin.
/// u is a 32-bit number plus 2^-33, so |z| <= 6.77; the distribution function is right to about
/// 2^-32 in the tails, and sums in f32 limit the rest.
void fl_random_normal_f32(size_t n, float mean, float deviation, const fl_stream *stream,
                          uint64_t offset, float *out);
/// out[i] += deviation * normal.
void fl_add_normal_f32(size_t n, float deviation, const fl_stream *stream, uint64_t offset,
                       float *out);
/// out[i] = 1 with probability p (to 2^-32).
void fl_random_bernoulli_u8(size_t n, double p, const fl_stream *stream, uint64_t offset,
                            uint8_t *out);
/// y[i] = x[i] / keep with probability keep, else 0. The backward pass is the same call on dy with
/// the same stream and offset: no mask is stored. 0 < keep <= 1.
void fl_dropout_f32(size_t n, float keep, const float *x, const fl_stream *stream, uint64_t offset,
                    float *y);

// ---------------------------------------------------------------------------------------------
// Optimizer steps, one pass over memory. Bits equal PyTorch's formulas up to rounding.

/// Where the gradient of parameter element i comes from: (values[i] + noise_deviation z_i) scale,
/// with z_i the normal number of element offset + i of the stream.
typedef struct {
  /// NULL: zero (a parameter that this batch did not touch).
  const float *values;
  /// NULL: values are dense. Otherwise the parameter is a table of rows of `width`, and the
  /// gradient of row r is values[row_map[r], :], zero for row_map[r] < 0; the step then starts at
  /// the beginning of row 0 of row_map and n is a multiple of width.
  const int32_t *row_map;
  size_t width;
  float noise_deviation;
  float scale;
  fl_stream stream;
  uint64_t offset;
  /// NULL, or where an optimizer writes the sum of squares of the parameter's new values: in f32 on 16 lanes, for calls
  /// with some thousand elements.
  double *squared_norm;
} fl_gradient;

typedef struct {
  double rate, momentum, dampening, weight_decay;
  int nesterov;
} fl_sgd;
/// momentum buffer NULL when momentum = 0; start it with zeros.
void fl_sgd_f32(size_t n, const fl_gradient *gradient, const fl_sgd *sgd, float *parameter,
                float *momentum);

typedef struct {
  double rate, beta1, beta2, epsilon, weight_decay;
  /// 1: AdamW (decoupled decay); 0: the decay is added to the gradient.
  int decoupled;
  /// 1 - beta1^t and 1 - beta2^t of step t = 1, 2, …
  double correction1, correction2;
} fl_adam;
/// p -= rate/correction1 m / (sqrt(v / correction2) + epsilon).
void fl_adam_f32(size_t n, const fl_gradient *gradient, const fl_adam *adam, float *parameter,
                 float *m, float *v);

typedef struct {
  double rate, alpha, epsilon, weight_decay, momentum;
} fl_rmsprop;
/// momentum NULL when momentum = 0; average NULL unless centered.
void fl_rmsprop_f32(size_t n, const fl_gradient *gradient, const fl_rmsprop *rmsprop,
                    float *parameter, float *square, float *average, float *momentum);

typedef struct {
  /// `rate` of this step (after PyTorch's lr_decay).
  double rate, epsilon, weight_decay;
} fl_adagrad;
void fl_adagrad_f32(size_t n, const fl_gradient *gradient, const fl_adagrad *adagrad,
                    float *parameter, float *sum);

/// The gradient itself, noise and scale included: out = (values + noise z) scale.
void fl_gradient_f32(size_t n, const fl_gradient *gradient, float *out);

// ---------------------------------------------------------------------------------------------
// Squared norms of per-example gradients. Each adds to squared_norms[example].

/// Weight of a linear layer over `time` positions: a [examples, time, inputs], g [examples, time,
/// outputs]; adds ||sum_t g_t a_t^T||^2, by Gram matrices (ghost norm, Li et al. 2021) or by the
/// gradient itself in tiles, whichever costs less.
void fl_linear_example_norms_f32(size_t examples, size_t time, size_t inputs, size_t outputs,
                                 const float *a, const float *g, float *squared_norms);
/// The weights and biases of a layer whose gradients share g: parts p = 0 ..< parts of a, [examples, time, widths[p]]
/// each, and `constant` biases with the same gradient; adds sum_p ||sum_t g_t a[p]_t^T||^2 + constant ||sum_t g_t||^2.
void fl_joint_example_norms_f32(size_t examples, size_t time, size_t parts, const float *const *a,
                                const size_t *widths, double constant, size_t outputs,
                                const float *g, float *squared_norms);
/// Bias: ||sum_t g_t||^2.
void fl_bias_example_norms_f32(size_t examples, size_t time, size_t columns, const float *g,
                               float *squared_norms);
/// Layer norm: gamma's and beta's gradients; mean NULL for RMS norm (gamma only).
void fl_layernorm_example_norms_f32(size_t examples, size_t time, size_t columns, const float *dy,
                                    const float *x, const float *mean, const float *rstd,
                                    float *squared_norms);
/// Embedding of tokens: sum over t, t' with equal index of <g_t, g_t'>. Indices below 0 and
/// positions at lengths[e] and later do not count (lengths NULL).
void fl_embedding_example_norms_f32(size_t examples, size_t time, size_t width,
                                    const int64_t *indices, const int32_t *lengths, const float *g,
                                    float *squared_norms);
/// Mean of embeddings: g [examples, width] is the gradient of the mean;
/// adds ||g||^2 / length^2 times the number of ordered pairs with equal index.
void fl_bag_example_norms_f32(size_t examples, size_t time, size_t width, const int64_t *indices,
                              const int32_t *lengths, const float *g, float *squared_norms);

// ---------------------------------------------------------------------------------------------
// Matrix products and attention

/// C [m, n] = alpha op(A) op(B) + beta C; op(A) is A [m, k] or, with transpose_a, the transpose of
/// A [k, m]; likewise B. lda, ldb, ldc are row strides. With beta = 0, C is not read. Each element
/// is summed over k in order, in blocks of 256. Not in place.
void fl_gemm_f32(int transpose_a, int transpose_b, size_t m, size_t n, size_t k, float alpha,
                 const float *a, size_t lda, const float *b, size_t ldb, float beta, float *c,
                 size_t ldc);
/// `batch` products whose matrices lie at a + i a_step, and so on.
void fl_gemm_batch_f32(size_t batch, int transpose_a, int transpose_b, size_t m, size_t n,
                       size_t k, float alpha, const float *a, size_t lda, size_t a_step,
                       const float *b, size_t ldb, size_t b_step, float beta, float *c, size_t ldc,
                       size_t c_step);
/// Runs `iterations` rounds of independent fused multiply-adds in registers and returns how many
/// floating-point operations that was. For measuring the peak.
uint64_t fl_fma_peak(uint64_t iterations);

/// One step of online softmax (Milakov 2018; FlashAttention): scores [rows, columns] become
/// exp(scale s - new_max); running_max and running_sum [rows] are updated (start them with -inf
/// and 0); correction[r] = exp(old_max - new_max) is what earlier partial results must be
/// multiplied by. Rows with nothing but -inf so far give 0 and correction 1.
void fl_online_softmax_f32(size_t rows, size_t columns, float scale, float *scores,
                           size_t stride, float *running_max, float *running_sum,
                           float *correction);

/// Row r of a tile of scores keeps its first min(limit, base + step r) columns (none where that is negative); the
/// others become -inf. A causal mask has step 1, one by length step 0.
void fl_attention_mask_f32(size_t rows, size_t columns, ptrdiff_t base, ptrdiff_t step,
                           ptrdiff_t limit, float *scores, size_t stride);
/// scores = exp(scale s - normalizers[r]): the weights again, from the log-sum-exp that the forward pass kept (+inf for
/// a row that sees nothing).
void fl_attention_weights_f32(size_t rows, size_t columns, float scale, const float *normalizers,
                              float *scores, size_t stride);
/// gradients = scale weights (gradients - means[r]): from the gradients of the weights to those of the scores;
/// means[r] = sum(gradients weights) over the whole row, which is the dot product of output and its gradient.
void fl_attention_backward_f32(size_t rows, size_t columns, float scale, const float *means,
                               const float *weights, float *gradients, size_t stride);

// ---------------------------------------------------------------------------------------------
// Generation: few rows at a time, each weight read once. An example's numbers are the same bits
// whatever the number of examples.

/// y [examples, outputs] = x [examples, inputs] w^T + bias (NULL); w is [outputs, inputs], x and y
/// have row strides. Each element is summed in 16 parts, those pairwise. Not in place.
void fl_linear_few_f32(size_t examples, size_t inputs, size_t outputs, const float *x,
                       size_t x_stride, const float *w, const float *bias, float *y,
                       size_t y_stride);
/// Attention of the last `count` of `keys` positions, of one head: y_c = softmax(scale q_c k^T) v,
/// where query c sees keys 0 ... keys - count + c. k and v are [keys, width], q and y [count,
/// width] with row strides; `scores` has room for `keys`. Not in place.
void fl_attend_few_f32(size_t count, size_t width, size_t keys, const float *q, size_t q_stride,
                       const float *k, const float *v, float scale, float *scores, float *y,
                       size_t y_stride);

#ifdef __cplusplus
}
#endif

#endif
