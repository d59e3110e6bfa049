import Builtins
import Testing

@Suite struct ExampleTests {}
