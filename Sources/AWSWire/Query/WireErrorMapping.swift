// The one place where reading errors become AWS error codes and sentences.
// Source: Amazon EC2 API Reference, "Error codes"; AWS STS API Reference, "Common Errors".

package import CloudTypes

extension WireError {
    /// The refusal that the caller sees, in the codes of the service's protocol family.
    package func refusal(in dialect: QueryDialect) -> EC2Error {
        switch dialect {
        case .ec2: EC2Error(ec2Code, message)
        case .awsQuery: EC2Error(queryCode, message)
        }
    }

    private var ec2Code: String {
        switch self {
        case .malformedEncoding, .malformedDocument, .duplicateParameter: "MalformedQueryString"
        case .tooManyParameters, .parameterNameTooLong, .parameterTooDeep: "RequestLimitExceeded"
        case .missingParameter: "MissingParameter"
        case .unknownParameter: "UnknownParameter"
        case .invalidValue: "InvalidParameterValue"
        }
    }

    private var queryCode: String {
        switch self {
        case .malformedEncoding, .malformedDocument, .duplicateParameter: "MalformedQueryString"
        case .tooManyParameters, .parameterNameTooLong, .parameterTooDeep: "ValidationError"
        case .missingParameter, .unknownParameter, .invalidValue: "ValidationError"
        }
    }

    /// The sentence for the caller.
    var message: String {
        switch self {
        case .malformedDocument: "The body of the request is not a JSON object."
        case .malformedEncoding(nil): "The query string contains a syntax error."
        case .malformedEncoding(let parameter?): "The value of the parameter \(parameter) is not URL-encoded UTF-8."
        case .tooManyParameters(let limit): "The request must not contain more than \(limit) parameters."
        case .parameterNameTooLong(let limit): "A parameter name must not be longer than \(limit) bytes."
        case .parameterTooDeep(let name, let limit): "The parameter \(name) has more than \(limit) levels."
        case .duplicateParameter(let name): "The parameter \(name) may only be specified once."
        case .missingParameter(let name): "The request must contain the parameter \(name)"
        case .unknownParameter(let name): "The parameter \(name) is not recognized"
        case .invalidValue("UserData", _, .base64), .invalidValue("UserData.Value", _, .base64):
            "Invalid BASE64 encoding of user data."
        case .invalidValue(let name, _, .base64): "Invalid BASE64 encoding of \(name)."
        case .invalidValue(let name, let value, let expected):
            "Invalid value '\(value)' for \(name). \(expected.sentence)"
        }
    }
}

extension ExpectedValue {
    fileprivate var sentence: String {
        switch self {
        case .boolean: "Expected true or false."
        case .integer(let least, let most): ExpectedValue.range("an integer", least, most)
        case .number: "Expected a number."
        case .timestamp: "Expected a date and time in ISO 8601, such as 2026-01-31T12:00:00Z."
        case .base64: "Expected base64."
        case .oneOf(let values): "Expected one of: \(values.joined(separator: ", "))."
        case .characters(let least, let most): ExpectedValue.range("a length in characters", least, most)
        case .elements(let most): "Expected at most \(most) elements."
        case .text: "Expected text."
        case .pattern: "It does not have the form that is expected."
        case .structure: "Expected an object."
        case .list: "Expected a list."
        }
    }

    private static func range(_ what: String, _ least: Int, _ most: Int) -> String {
        switch (least > Int(Int32.min), most < Int(Int32.max)) {
        case (true, true): "Expected \(what) from \(least) to \(most)."
        case (true, false): "Expected \(what), \(least) or greater."
        case (false, true): "Expected \(what), \(most) or less."
        case (false, false): "Expected \(what)."
        }
    }
}
