import Learning
import Runtime
import Tensors

/// Recurrent layers beside the LSTM, convolutions and pooling in windows in `nn`.
enum ConvolutionBuiltins {
  static let natives = mixing + pooling

  private static let mixing = [
    Native(
      "gru",
      "A gated recurrent unit over [examples, time, inputs] (as PyTorch's GRU). It gives its hidden states [examples, time, hidden], or twice as wide where it reads in both directions.",
      Param<Int>("inputs", "The size of the last axis of the input.", .positive),
      Param<Int>("hidden", "The size of the state.", .positive),
      Param<Bool>(
        "bidirectional", "Whether a second one reads backwards.", default: false, named: true),
      returns: "model", seeAlso: ["nn.lstm"], search: ["recurrent"],
      examples: [("nn.gru(8, 4)", "gru(8 → 4) with 168 parameters")],
      context: { (vm: VM, inputs: Int, hidden: Int, bidirectional: Bool) in
        var random = vm.randomStream("gru")
        return Model(
          layer: try GRU(inputs, hidden, bidirectional: bidirectional, random: &random))
      }
    ).knowing(NNBuiltins.recurrent),
    Native(
      "conv1d", "A convolution over [examples, channels, length] (as PyTorch's Conv1d).",
      Param<Int>("inputs", "Channels of the input.", .positive),
      Param<Int>("outputs", "Channels of the output.", .positive),
      Param<Int>("kernel", "How many neighbours a number is made of.", .positive),
      Param<Int>("stride", "From one output to the next.", default: 1, .positive, named: true),
      Param<Int>("padding", "Zeros on both sides.", default: 0, .nonNegative, named: true),
      Param<Int>("dilation", "Between the neighbours.", default: 1, .positive, named: true),
      Param<Int>("groups", "Parts that see only each other.", default: 1, .positive, named: true),
      returns: "model", seeAlso: ["nn.conv2d", "nn.max_pool1d"], search: ["convolution"],
      context: {
        (
          vm: VM, inputs: Int, outputs: Int, kernel: Int, stride: Int, padding: Int, dilation: Int,
          groups: Int
        ) in
        var random = vm.randomStream("conv1d")
        return Model(
          layer: try Convolution1D(
            inputs, outputs, kernel: kernel, stride: stride, padding: padding, dilation: dilation,
            groups: groups, random: &random))
      }),
    Native(
      "conv2d", "A convolution over [examples, channels, height, width] (as PyTorch's Conv2d).",
      Param<Int>("inputs", "Channels of the input.", .positive),
      Param<Int>("outputs", "Channels of the output.", .positive),
      Param<PlaneSize>("kernel", "Its size: an int, or [height, width]."),
      Param<PlaneSize>(
        "stride", "From one output to the next.", default: 1, text: "1", named: true),
      Param<PlaneSize>("padding", "Zeros on each side.", default: 0, text: "0", named: true),
      Param<PlaneSize>("dilation", "Between neighbours.", default: 1, text: "1", named: true),
      Param<Int>("groups", "Parts that see only each other.", default: 1, .positive, named: true),
      returns: "model", seeAlso: ["nn.conv1d", "nn.max_pool2d", "nn.flatten"],
      search: ["convolution", "image"],
      context: {
        (
          vm: VM, inputs: Int, outputs: Int, kernel: PlaneSize, stride: PlaneSize,
          padding: PlaneSize, dilation: PlaneSize, groups: Int
        ) in
        var random = vm.randomStream("conv2d")
        return Model(
          layer: try Convolution2D(
            inputs, outputs, kernel: kernel, stride: stride, padding: padding, dilation: dilation,
            groups: groups, random: &random))
      }),
  ]

  private static let pooling = [
    Native(
      "max_pool1d", "The maximum of windows of [examples, channels, length].",
      Param<Int>("kernel", "The window.", .positive),
      Param<Int?>(
        "stride", "From one window to the next; nil is the window.", default: nil, .positive,
        named: true),
      returns: "model", seeAlso: ["nn.conv1d", "max"], search: ["pooling"]
    ) { kernel, stride in
      Model(layer: try WindowPooling(.max, overTime: kernel, stride: stride))
    },
    Native(
      "max_pool2d", "The maximum of windows of [examples, channels, height, width].",
      Param<PlaneSize>("kernel", "The window: an int, or [height, width]."),
      Param<PlaneSize?>(
        "stride", "From one window to the next; nil is the window.", default: nil, named: true),
      returns: "model", seeAlso: ["nn.conv2d", "nn.mean_pool2d"], search: ["pooling"]
    ) { kernel, stride in
      Model(layer: try WindowPooling(.max, kernel: kernel, stride: stride))
    },
    Native(
      "mean_pool2d", "The mean of windows of [examples, channels, height, width].",
      Param<PlaneSize>("kernel", "The window: an int, or [height, width]."),
      Param<PlaneSize?>(
        "stride", "From one window to the next; nil is the window.", default: nil, named: true),
      returns: "model", seeAlso: ["nn.conv2d", "nn.max_pool2d"], search: ["pooling", "average"]
    ) { kernel, stride in
      Model(layer: try WindowPooling(.mean, kernel: kernel, stride: stride))
    },
    Native(
      "character_cnn",
      "Words as characters [examples, words, characters] to vectors. Embeddings, convolutions of several widths, the maximum over the characters, side by side.",
      Param<Int>("characters", "How many characters there are; 0 is padding.", .positive),
      Param<Int>("width", "The length of a character's vector.", .positive),
      Param<[[Int]]>("filters", "A list of [width, count], one for each convolution."),
      returns: "model", seeAlso: ["nn.conv1d"], search: ["words", "spelling"],
      context: { (vm: VM, characters: Int, width: Int, filters: [[Int]]) in
        guard filters.allSatisfy({ $0.count == 2 }) else {
          throw Fault(.value, "each filter is [width, count]").atArgument(2)
        }
        var random = vm.randomStream("character_cnn")
        return Model(
          layer: try CharacterEncoder(
            characters: characters, width: width,
            filters: filters.map { (width: $0[0], count: $0[1]) }, random: &random))
      }),
  ]
}

extension PlaneSize: Bindable {
  public static let typeName = "int or [height, width]"

  public static func decode(_ value: Value, _ vm: VM) throws -> PlaneSize? {
    if let both = Int.decode(value, vm) { return PlaneSize(both) }
    guard let sizes = try [Int].attempt(value, vm), sizes.count == 2 else { return nil }
    return PlaneSize(height: sizes[0], width: sizes[1])
  }

  public func encode(_ vm: VM) throws -> Value { try [height, width].encode(vm) }
}
