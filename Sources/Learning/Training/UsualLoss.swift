import Foundations

extension Loss {
  /// What a model is trained with where nobody says: for one that ends in a CRF the negative log-likelihood of its
  /// tags, for any other cross-entropy. The CRF is that of the model which is trained, so that a copy trains its own.
  public static func usual(for model: Layer) throws -> Loss {
    guard CRF.last(of: model) != nil else { return try .crossEntropy() }
    return Loss(
      "crf", keepsExamplesApart: true,
      evaluating: { model, batch in
        let emissions = try model.forward(batch.inputs)
        guard let field = CRF.last(of: model) else {
          throw DomainError(.type, "the loss of a CRF needs a model that ends in one")
        }
        return try field.negativeLogLikelihood(emissions, batch.labels)
      })
  }
}

extension CRF {
  /// The CRF that a model ends in; nil where it ends in something else.
  public static func last(of model: Layer) -> CRF? {
    if let field = model as? CRF { return field }
    guard model is Sequential, let last = model.children.last else { return nil }
    return CRF.last(of: last.layer)
  }
}
