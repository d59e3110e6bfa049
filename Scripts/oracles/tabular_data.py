"""What scikit-learn makes of three public tables, prepared as `data.tabular` does: numbers of SessionTests/TabularDataTests.

    python tabular_data.py FOLDER      (scikit-learn 1.9, pandas 3; the folder holds adult, compas and german_credit)

Prints rows, features, the objective of a logistic regression with C = 1, and its accuracy on the same rows.
"""

import sys

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression


def main(folder):
    for path, label in (
        ("adult/adult.csv.gz", "income-per-year"),
        ("compas/compas_two_years.csv.gz", "two_year_recid"),
        ("german_credit/german.csv", "credit"),
    ):
        table = pd.read_csv(f"{folder}/{path}", keep_default_na=False, na_values=[""])
        names, y = np.unique(table[label], return_inverse=True)
        inputs = table.drop(columns=label)
        numbers = inputs.select_dtypes("number")
        numbers = numbers.fillna(numbers.mean())
        numbers = (numbers - numbers.mean()) / numbers.std(ddof=0).replace(0, 1)
        texts = inputs.select_dtypes(exclude="number")
        categories = [pd.get_dummies(texts[c], prefix=c, dummy_na=bool(texts[c].isna().any())) for c in texts]
        x = pd.concat([numbers, *categories], axis=1).to_numpy(np.float32).astype(float)
        model = LogisticRegression(solver="newton-cholesky", tol=1e-12).fit(x, y)
        margin = x @ model.coef_[0] + model.intercept_[0]
        loss = np.logaddexp(0, np.where(y == 1, -margin, margin)).sum()
        objective = loss + (model.coef_**2).sum() / 2
        print(path, names, x.shape, repr(float(objective)), repr(model.score(x, y)))


if __name__ == "__main__":
    main(sys.argv[1])
