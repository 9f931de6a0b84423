// SPDX-License-Identifier: Apache-2.0
// Eigenvalues and eigenvectors of a small real symmetric matrix by cyclic Jacobi rotations.
#pragma once

#include <vector>

namespace pluvia {

struct SymmetricEigen {
  std::vector<double> values;
  std::vector<double> vectors;  ///< row-major; column k belongs to values[k]
};

/// `matrix` row-major, n x n.
SymmetricEigen symmetric_eigen(std::vector<double> matrix, int n);

}  // namespace pluvia
