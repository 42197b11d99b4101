// What a long run tells about itself, and how much of it there is to be.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

enum Log {
    static func tell(_ text: String) { print("crash tests: \(text)") }
}

/// The environment's word on how long to go on.
enum Effort {
    static func number(_ name: String, otherwise usual: Int) -> Int {
        guard let text = getenv(name) else { return usual }
        return Int(String(cString: text)) ?? usual
    }
}
