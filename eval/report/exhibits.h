// SPDX-License-Identifier: Apache-2.0
// Pictures that runs kept, for the page's viewer: worst frames first, the worst of them on top,
// then samples. A frame is a worst one when it is that of any method.
#pragma once

#include "core/json.h"
#include "eval/report/comparison.h"

namespace pluvia {

/// {"list": [{"name", "worst": [methods, worst first], "scores": {method: score}, "rainy", "truth",
/// "predictions": {method: address}, "layers"}], "left_out": whether any is missing}. Methods by
/// their place in the comparison, of each its first run; pictures as data addresses.
Json exhibits_json(const Comparison& comparison);

}  // namespace pluvia
