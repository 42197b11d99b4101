// What a long run tells about itself, and how much of it there is to be.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

package enum Log {
    package static func tell(_ text: String) {
        let line = Array("crash tests: \(text)\n".utf8)
        _ = line.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
    }
}

/// The environment's word on how long to go on.
package enum Effort {
    package static func number(_ name: String, otherwise usual: Int) -> Int {
        guard let text = getenv(name) else { return usual }
        return Int(String(cString: text)) ?? usual
    }
}
