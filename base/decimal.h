#pragma once

namespace tocsin {

/// The product of the decimals that `a` and `b` are written as (shortest digits that read back):
/// 78.6 times 0.01 is 0.786, where their binary values give 0.7859999999999999.
double MultiplyDecimals(double a, double b);

}  // namespace tocsin
