// Every way a request fails to be what its operation's shape says.
// Names of parameters are dotted paths as the client sent them.

/// Why a request could not be read.
package enum WireError: Error, Equatable, Sendable {
    /// A percent sequence that is none, or bytes that are no UTF-8; the name where that much could be read.
    case malformedEncoding(parameter: String?)
    /// A body that is no JSON object.
    case malformedDocument
    case tooManyParameters(limit: Int)
    /// A name of more bytes than the limit.
    case parameterNameTooLong(limit: Int)
    /// A name of more dotted parts than the limit.
    case parameterTooDeep(String, limit: Int)
    case duplicateParameter(String)
    case missingParameter(String)
    case unknownParameter(String)
    case invalidValue(parameter: String, value: String, expected: ExpectedValue)
}

/// What a parameter's value had to be.
package enum ExpectedValue: Equatable, Sendable {
    case boolean
    case integer(atLeast: Int, atMost: Int)
    case number
    case timestamp
    case base64
    case oneOf([String])
    /// Lengths of text in characters.
    case characters(atLeast: Int, atMost: Int)
    case elements(atMost: Int)
    case text
    /// Text of a settled look.
    case pattern
    case structure
    case list
}
