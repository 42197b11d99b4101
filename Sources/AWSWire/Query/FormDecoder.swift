// `application/x-www-form-urlencoded`: bytes of a query string or body into names and values, within limits.
// Order is kept; what the names mean is not known here.

/// One decoded parameter.
package struct FormParameter: Equatable, Sendable {
    package let name: String
    package let value: String

    package init(name: String, value: String) {
        (self.name, self.value) = (name, value)
    }
}

/// Bounds on what a request may make us build; its size in bytes is bounded by whoever received it.
package struct QueryLimits: Equatable, Sendable {
    package var parameters: Int
    /// Bytes of a decoded name.
    package var nameLength: Int
    /// Dotted parts of a name.
    package var depth: Int

    package init(parameters: Int = 10_000, nameLength: Int = 512, depth: Int = 12) {
        (self.parameters, self.nameLength, self.depth) = (parameters, nameLength, depth)
    }
}

package enum FormDecoder {
    /// Splits at `&` and the first `=`, undoes `+` and percent sequences; a name without `=` has an empty value.
    ///
    /// - Throws: `malformedEncoding`, `tooManyParameters`, `parameterNameTooLong`.
    package static func parameters(
        in bytes: [UInt8], limits: QueryLimits = QueryLimits()
    ) throws(WireError) -> [FormParameter] {
        var found: [FormParameter] = []
        for pair in bytes.split(separator: UInt8(ascii: "&")) {
            guard found.count < limits.parameters else { throw .tooManyParameters(limit: limits.parameters) }
            let cut = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            guard let name = text(pair[..<cut]) else { throw .malformedEncoding(parameter: nil) }
            guard name.utf8.count <= limits.nameLength else {
                throw .parameterNameTooLong(limit: limits.nameLength)
            }
            guard let value = text(pair[cut...].dropFirst()) else { throw .malformedEncoding(parameter: name) }
            found.append(FormParameter(name: name, value: value))
        }
        return found
    }

    /// `nil` for a broken percent sequence or what is no UTF-8.
    static func text(_ encoded: ArraySlice<UInt8>) -> String? {
        guard encoded.contains(where: { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "%") }) else {
            return String(validating: encoded, as: UTF8.self)
        }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(encoded.count)
        var position = encoded.startIndex
        while position < encoded.endIndex {
            switch encoded[position] {
            case UInt8(ascii: "+"): decoded.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard position + 2 < encoded.endIndex, let high = digit(encoded[position + 1]),
                    let low = digit(encoded[position + 2])
                else { return nil }
                decoded.append(high << 4 | low)
                position += 2
            case let byte: decoded.append(byte)
            }
            position += 1
        }
        return String(validating: decoded, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
