import Testing

@testable import Runtime

@Suite struct FormattingTests {}
