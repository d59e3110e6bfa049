// The three ways from a stretch of text to its tokens: GPT-2's and BERT's, in which a word's tokens follow from its
// bytes alone and are remembered, and the general one, which also says where in the text each token comes from.

import Foundations

extension SubwordTokenizer {
  func appendGPT2(
    _ section: UnsafeBufferPointer<UInt8>, _ addsPrefixSpace: Bool, _ model: BytePairModel,
    _ buffers: EncodingBuffers
  ) {
    if addsPrefixSpace, section.first != 0x20 {
      var spaced: [UInt8] = [0x20]
      spaced.reserveCapacity(section.count + 1)
      spaced.append(contentsOf: section)
      spaced.withUnsafeBufferPointer { appendGPT2($0, false, model, buffers) }
      return
    }
    appendWords(section, GPT2Splitter(), model, buffers)
  }

  /// Words as `splitter` cuts them.
  @inline(__always)
  func appendWords(
    _ section: UnsafeBufferPointer<UInt8>, _ splitter: some PieceSplitter, _ model: BytePairModel,
    _ buffers: EncodingBuffers
  ) {
    let cache = buffers.cache
    var start = 0
    var turn = 0
    while start < section.count, !Parallel.isAbandoned(turn: turn) {
      turn += 1
      let end = splitter.end(section, from: start)
      if end - start <= WordCache.longestWord {
        let key = WordCache.key(section, start, end)
        if let tokens = cache.tokens(key) {
          buffers.ids.append(tokens)
        } else {
          model.encode(UnsafeBufferPointer(rebasing: section[start..<end]), buffers)
          cache.store(key, buffers.wordIDs.buffer)
          buffers.ids.append(buffers.wordIDs.buffer)
        }
      } else {
        model.encode(UnsafeBufferPointer(rebasing: section[start..<end]), buffers)
        buffers.ids.append(buffers.wordIDs.buffer)
      }
      start = end
    }
  }

  /// White space cuts the same before and after BERT's normalisation, and no step of that looks across it: so the
  /// stretches between are normalised and cut one by one, and remembered.
  func appendBert(
    _ section: UnsafeBufferPointer<UInt8>, _ normalization: BertNormalization,
    _ model: WordPieceModel, _ buffers: EncodingBuffers
  ) {
    let flags = UnicodeTable.flags
    let cache = buffers.cache
    /// What separates: white space that cleaning does not just remove.
    let removed = normalization.cleansText ? UnicodeFlags.removed.rawValue : 0
    var start = 0
    var position = 0
    var turn = 0
    while start < section.count, !Parallel.isAbandoned(turn: turn) {
      turn += 1
      var next = position
      while position < section.count {
        let (scalar, length) = UTF8Decoder.scalar(section, position)
        next = position + length
        let flag = flags[Int(scalar)]
        if flag & UnicodeFlags.whitespace.rawValue != 0, flag & removed == 0 { break }
        position = next
      }
      if position > start {
        let length = position - start
        if length <= WordCache.longestWord {
          let key = WordCache.key(section, start, position)
          if let tokens = cache.tokens(key) {
            buffers.ids.append(tokens)
          } else {
            let before = buffers.ids.count
            appendBertWord(section, start..<position, normalization, model, buffers)
            cache.store(key, UnsafeBufferPointer(rebasing: buffers.ids.buffer[before...]))
          }
        } else {
          appendBertWord(section, start..<position, normalization, model, buffers)
        }
      }
      start = next
      position = next
    }
  }

  private func appendBertWord(
    _ section: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ normalization: BertNormalization,
    _ model: WordPieceModel, _ buffers: EncodingBuffers
  ) {
    buffers.text.reset(UnsafeBufferPointer(rebasing: section[range]), offset: 0)
    normalization.apply(to: &buffers.text)
    buffers.text.encode(into: &buffers.pieces.bytes)
    appendPieces(buffers, .bert, .wordPiece(model), caches: false)
  }

  /// Cuts `buffers.pieces.bytes` and appends the tokens of the pieces.
  ///
  /// - Parameter caches: whether the cache remembers pieces (and not whole words before normalisation).
  private func appendPieces(
    _ buffers: EncodingBuffers, _ preTokenizer: PreTokenizer?, _ model: Model, caches: Bool
  ) {
    buffers.pieces.pieces.removeAll(keepingCapacity: true)
    if buffers.pieces.bytes.isEmpty { return }
    buffers.pieces.pieces.append(0..<buffers.pieces.bytes.count)
    preTokenizer?.apply(to: &buffers.pieces)
    buffers.pieces.bytes.withUnsafeBufferPointer { bytes in
      for (turn, piece) in buffers.pieces.pieces.enumerated() {
        if Parallel.isAbandoned(turn: turn) { break }
        let length = piece.count
        guard length <= WordCache.longestWord, length > 0 else {
          model.encode(UnsafeBufferPointer(rebasing: bytes[piece]), buffers)
          buffers.ids.append(buffers.wordIDs.buffer)
          continue
        }
        let key = WordCache.key(bytes, piece.lowerBound, piece.upperBound)
        if caches, let tokens = buffers.cache.tokens(key) {
          buffers.ids.append(tokens)
          continue
        }
        model.encode(UnsafeBufferPointer(rebasing: bytes[piece]), buffers)
        if caches { buffers.cache.store(key, buffers.wordIDs.buffer) }
        buffers.ids.append(buffers.wordIDs.buffer)
      }
    }
  }

  /// Any combination of steps, and with `tracks` the bytes of the whole text that each token stands for.
  func appendGeneral(
    _ whole: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ buffers: EncodingBuffers,
    _ spans: inout [Range<Int>], tracks: Bool
  ) {
    buffers.text.reset(
      UnsafeBufferPointer(rebasing: whole[range]), offset: range.lowerBound)
    normalizer?.apply(to: &buffers.text)
    var owners: [Int32] = []
    var normalized: [UInt8] = []
    buffers.text.encode(into: &normalized, owners: &owners)
    normalized.withUnsafeBufferPointer { bytes in
      forEachSection(bytes, normalizedFinder) { section, id in
        func origin(_ bytes: Range<Int>) -> Range<Int> {
          let start = buffers.text.starts[Int(owners[bytes.lowerBound])]
          let end = buffers.text.ends[Int(owners[bytes.upperBound - 1])]
          return Int(start)..<Int(max(start, end))
        }
        if let id {
          buffers.ids.append(id)
          if tracks { spans.append(origin(section)) }
          return
        }
        buffers.pieces = PieceList()
        buffers.pieces.bytes = Array(bytes[section])
        buffers.pieces.startsText = range.lowerBound == 0 && section.lowerBound == 0
        if !tracks { return appendPieces(buffers, preTokenizer, model, caches: true) }
        for i in section {
          buffers.pieces.starts.append(buffers.text.starts[Int(owners[i])])
          buffers.pieces.ends.append(buffers.text.ends[Int(owners[i])])
        }
        appendTrackedPieces(buffers, &spans)
      }
    }
  }

  private func appendTrackedPieces(_ buffers: EncodingBuffers, _ spans: inout [Range<Int>]) {
    buffers.pieces.pieces = [0..<buffers.pieces.bytes.count]
    preTokenizer?.apply(to: &buffers.pieces)
    let list = buffers.pieces
    list.bytes.withUnsafeBufferPointer { bytes in
      for (turn, piece) in list.pieces.enumerated() {
        if Parallel.isAbandoned(turn: turn) { break }
        buffers.wordStarts.removeAll()
        model.encode(UnsafeBufferPointer(rebasing: bytes[piece]), buffers)
        buffers.ids.append(buffers.wordIDs.buffer)
        let hasStarts = buffers.wordStarts.count == buffers.wordIDs.count
        var from = piece.lowerBound
        for (i, end) in buffers.wordEnds.buffer.enumerated() {
          if hasStarts { from = piece.lowerBound + Int(buffers.wordStarts.start[i]) }
          let to = piece.lowerBound + Int(end)
          let start = list.starts[from]
          spans.append(Int(start)..<Int(max(start, list.ends[to - 1])))
          from = to
        }
      }
    }
  }
}
