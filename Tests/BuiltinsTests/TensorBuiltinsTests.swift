import Runtime
import Syntax
import Testing

@testable import Builtins

/// Collects what a script prints.
private final class PrintingHost: Runtime.ScriptHost, @unchecked Sendable {
  // Scripts of these tests run on one thread each.
  private(set) var output = ""
  func print(_ text: String) { output += text }
}

/// Runs a script with the core and the tensors: what it prints, and its errors.
private func runTensors(_ text: String) -> (output: String, errors: [Diagnostic]) {
  let host = PrintingHost()
  let interpreter = Interpreter(host: host, seed: 1)
  CoreBuiltins.install(into: interpreter, overload: TensorMath.overload)
  TensorBuiltins.install(in: interpreter)
  do {
    let program = try Parsing.parse(Source(name: "test.fl", text: text))
    let errors = Checking.check(program, in: CheckEnvironment(globals: interpreter.entities))
      .filter { $0.severity == .error }
    if errors.isEmpty { _ = try interpreter.run(program) }
    return (host.output, errors)
  } catch let fault as Fault {
    return ("", [fault.diagnostic])
  } catch let diagnostics as Diagnostics {
    return ("", diagnostics.all)
  } catch {
    return ("", [Diagnostic(.value, "\(error)")])
  }
}

/// A script and what it prints.
private struct Printed: CustomTestStringConvertible, Sendable {
  let code: String
  let output: String
  init(_ code: String, _ output: String) {
    self.code = code
    self.output = output
  }
  var testDescription: String { code }
}

@Suite struct TensorBuiltinsTests {
  private static let printed: [Printed] = [
    Printed("tensor([1, 2, 3])", "tensor i64 [3]\n[1, 2, 3]"),
    Printed("tensor([[1, 2.5], [3, 4]])", "tensor f32 [2, 2]\n[[1.0, 2.5],\n [3.0, 4.0]]"),
    Printed("tensor([true, false])", "tensor bool [2]\n[ true, false]"),
    Printed("tensor(0..3)", "tensor i64 [3]\n[0, 1, 2]"),
    Printed("tensor([0..2, [5, 6]])", "tensor i64 [2, 2]\n[[0, 1],\n [5, 6]]"),
    Printed("tensor([1], dtype: \"f64\").dtype", "f64"),
    Printed("tensor([])", "tensor f32 [0]"),
    Printed("tensor(3)", "3"),
    Printed("tensor(2.0) * 3", "6.0"),
    Printed("tensor([tensor([1]), tensor([2])]).shape", "[2, 1]"),
    Printed("tensor([1, 2]) + 0.5", "tensor f32 [2]\n[1.5, 2.5]"),
    Printed("1 + tensor([1, 2])", "tensor i64 [2]\n[2, 3]"),
    Printed("2 / tensor([1, 2])", "tensor f32 [2]\n[2.0, 1.0]"),
    Printed("tensor([7, -7]) // 2", "tensor i64 [2]\n[ 3, -4]"),
    Printed("tensor([7, -7]) % 3", "tensor i64 [2]\n[1, 2]"),
    Printed("tensor([2.0, 3.0]) ** 2", "tensor f32 [2]\n[4.0, 9.0]"),
    Printed("2 ** tensor([1, 2])", "tensor i64 [2]\n[2, 4]"),
    Printed("-tensor([1, -2])", "tensor i64 [2]\n[-1,  2]"),
    Printed("tensor([1, 2]) + [10, 20]", "tensor i64 [2]\n[11, 22]"),
    Printed("tensor([[1, 2], [3, 4]]) @ tensor([1, 1])", "tensor i64 [2]\n[3, 7]"),
    Printed("tensor([1, 2, 3]) > 1", "tensor bool [3]\n[false,  true,  true]"),
    Printed("tensor(3.0) > 2", "true"),
    Printed("2 == tensor(2)", "true"),
    Printed("tensor([1, 2]) == tensor([1, 3])", "tensor bool [2]\n[ true, false]"),
    Printed("2 in tensor([1, 2])", "true"),
    Printed("if tensor([1.0]).sum() > 0 { \"yes\" } else { \"no\" }", "yes"),
    Printed("f\"{tensor(0.5):.3f}\"", "0.500"),
    Printed("tensor.arange(12).reshape(3, 4)[1, -1]", "7"),
    Printed(
      "tensor.arange(12).reshape(3, 4)[1:, ::-2]", "tensor i64 [2, 2]\n[[ 7,  5],\n [11,  9]]"),
    Printed("tensor.arange(12).reshape(3, 4)[..., 0]", "tensor i64 [3]\n[0, 4, 8]"),
    Printed("tensor.arange(3)[:, nil].shape", "[3, 1]"),
    Printed("tensor([1, 5, 2])[tensor([1, 5, 2]) > 1]", "tensor i64 [2]\n[5, 2]"),
    Printed("tensor([1, 5, 2])[[2, 0]]", "tensor i64 [2]\n[2, 1]"),
    Printed("tensor([1, 5, 2])[0..2]", "tensor i64 [2]\n[1, 5]"),
    Printed("tensor([1, 5, 2])[tensor([5, 5]).size]", "2"),
    Printed("len(tensor.zeros([4, 2]))", "4"),
    Printed("[x * 2 for x in tensor([1, 2])]", "[2, 4]"),
    Printed("tensor.zeros([2, 3]).T.shape", "[3, 2]"),
    Printed("tensor([[1.0, 3.0], [2.0, 4.0]]).mean(axis: 0)", "tensor f32 [2]\n[1.5, 3.5]"),
    Printed("tensor([[1.0, 3.0]]).sum(axis: 1, keep: true)", "tensor f32 [1, 1]\n[[4.0]]"),
    Printed("sum(tensor([1, 2, 3]))", "6"),
    Printed("max(tensor([1, 2, 3]))", "3"),
    Printed("exp(tensor([0.0]))", "tensor f32 [1]\n[1.0]"),
    Printed("abs(tensor([-1, 2]))", "tensor i64 [2]\n[1, 2]"),
    Printed("round(tensor([1.26]), 1)", "tensor f32 [1]\n[1.3]"),
    Printed("log(tensor([8.0]), 2)", "tensor f32 [1]\n[3.0]"),
    Printed("isinf(tensor([1.0, inf, nan]))", "tensor bool [3]\n[false,  true, false]"),
    Printed("softmax(tensor([0.0, 0.0]))", "tensor f32 [2]\n[0.5, 0.5]"),
    Printed("log_softmax(tensor([[0.0, 0.0]]), axis: -1).pick([1]).exp()", "tensor f32 [1]\n[0.5]"),
    Printed("tensor([3, 1, 2]).topk(2).indices", "tensor i64 [2]\n[0, 2]"),
    Printed("tensor([[1, 2], [3, 4]]).tolist()", "[[1, 2], [3, 4]]"),
    Printed("tensor([[7]]).item() + 1", "8"),
    Printed("tensor.full([2], 7)", "tensor i64 [2]\n[7, 7]"),
    Printed("tensor.arange(0, 1, 0.5)", "tensor f32 [2]\n[0.0, 0.5]"),
    Printed("tensor.randn([1000]).mean() < 0.2", "true"),
    Printed("tensor.randint(3, 4, [2])", "tensor i64 [2]\n[3, 3]"),
    Printed("tensor.permutation(5).sort()", "tensor i64 [5]\n[0, 1, 2, 3, 4]"),
    Printed("tensor.concat([[1], [2, 3]])", "tensor i64 [3]\n[1, 2, 3]"),
    Printed("gradient(tensor([1.0, 2.0]), x => sum(x ** 3))", "tensor f32 [2]\n[ 3.0, 12.0]"),
    Printed("gradient(3, x => x * x)", "6.0"),
    Printed(
      "gradient([tensor(2.0), tensor(5.0)], (a, b) => a * b)", "[5.0, 2.0]"),
    Printed(
      "value_and_gradient({a: tensor(2.0), b: tensor(5.0)}, p => p.a * p.b * p.b).gradient",
      "{a: 25.0, b: 20.0}"),
    Printed("[tensor([1, 2])] == [tensor([1, 2])]", "true"),
  ]

  @Test(arguments: printed) private func scriptsPrint(_ item: Printed) {
    let result = runTensors("print(\(item.code))")
    #expect(result.errors.first.map { "\($0.message) \($0.hint ?? "")" } == nil)
    #expect(result.output == item.output + "\n")
  }

  private static let refused: [Printed] = [
    Printed("tensor([1, \"a\"])", "type"),
    Printed("tensor([[1, 2], [3]])", "shape"),
    Printed("tensor([[1, 2], 3])", "shape"),
    Printed("tensor([1, [2]])", "shape"),
    Printed("tensor([[[[[[[[[1]]]]]]]]])", "limit"),
    Printed("tensor([1], dtype: \"f16\")", "value"),
    Printed("tensor.zeros([-1])", "value"),
    Printed("tensor.zeros([10 ** 10, 10 ** 10])", "limit"),
    Printed("tensor.zeros([10 ** 6, 10 ** 6])", "limit"),
    Printed("tensor.arange(0, 1, 0)", "value"),
    Printed("tensor.arange(\"a\")", "type"),
    Printed("tensor.zeros([3, 4]) @ tensor.zeros([3, 4])", "shape"),
    Printed("tensor.zeros([3, 4]) + tensor.zeros([3])", "shape"),
    Printed("tensor([1]) + \"a\"", "type"),
    Printed("tensor([9223372036854775807]) + 1", "value"),
    Printed("tensor([1]) // 0", "value"),
    Printed("tensor([1, 2])[2]", "index"),
    Printed("tensor([1, 2])[0, 0]", "index"),
    Printed("tensor([1, 2])[\"a\"]", "type"),
    Printed("tensor([1, 2])[1.5]", "type"),
    Printed("tensor([1, 2])[true]", "type"),
    Printed("tensor([1, 2])[::0]", "value"),
    Printed("len(tensor(1))", "type"),
    Printed("[x for x in tensor(1)]", "type"),
    Printed("if tensor([1, 2]) > 0 { 1 } else { 2 }", "type"),
    Printed("tensor([1, 2]).reshape(3)", "shape"),
    Printed("tensor([1, 2]).reshape(\"a\")", "type"),
    Printed("tensor([1, 2]).sum(axis: 1)", "index"),
    Printed("tensor([1, 2]).item()", "shape"),
    Printed("gradient(tensor([1.0, 2.0]), x => x * 2)", "shape"),
    Printed("gradient(tensor([1.0, 2.0]), x => 3)", "value"),
    Printed("gradient(\"a\", x => 3)", "type"),
    Printed("gradient(tensor(1.0), x => \"a\")", "type"),
  ]

  @Test(arguments: refused) private func mistakesAreErrors(_ item: Printed) {
    let result = runTensors("print(\(item.code))")
    #expect(result.errors.first?.kind.rawValue == item.output, "\(result.output)")
    #expect(result.errors.first?.labels.isEmpty == false)
  }

  @Test func aShapeErrorReadsAsItShould() throws {
    let error = try #require(
      runTensors("let x = tensor.randn([3, 4])\nx @ x").errors.first)
    #expect(error.message == "shapes do not match in `@`")
    #expect(
      error.labels.first?.text == "inner sizes differ: 4 and 3\nleft is [3, 4], right is [3, 4]")
    #expect(error.hint == "transpose one of them: `x @ x.T`")
  }

  @Test func examplesGiveWhatTheySay() {
    let natives: [Native] =
      TensorBuiltins.module.natives + [TensorBuiltins.module.call].compactMap { $0 }
      + TensorMath.activations + TensorMath.alongAxes + TensorMath.combinations
      + GradientBuiltins.natives + TensorMethods.shapes + TensorMethods.views
      + TensorMethods.reductions + TensorMethods.extremes + TensorMethods.orders
      + TensorMethods.selections + TensorMethods.conversions + TensorMethods.products
    for native in natives {
      #expect(native.signature.summary.hasSuffix("."), "\(native.name)")
      for example in native.signature.examples {
        let result = runTensors("print(\(example.code))")
        #expect(result.errors.first?.message == nil, "\(example.code)")
        #expect(result.output == example.result + "\n", "\(example.code)")
      }
    }
  }
}
