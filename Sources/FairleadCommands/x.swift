public enum Fairlead { public static func main() {} }
