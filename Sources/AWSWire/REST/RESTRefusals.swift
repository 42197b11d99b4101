// How a rest-json service refuses: the code in a header, message and reason in a document.

package import CloudTypes

extension RESTService {
    /// The refusal of a request that is not what its operation's input says.
    package func refusal(of error: WireError) -> EC2Error {
        switch error {
        case .malformedDocument, .malformedEncoding: EC2Error("SerializationException", error.message)
        case .missingParameter(let path), .unknownParameter(let path), .duplicateParameter(let path),
            .parameterTooDeep(let path, _), .invalidValue(let path, _, _):
            invalid(path, error.message)
        case .tooManyParameters, .parameterNameTooLong: invalid("", error.message)
        }
    }

    private func invalid(_ path: String, _ message: String) -> EC2Error {
        let name = String(path.prefix { $0 != "." })
        return EC2Error(wrongInput, message, reason: reasons[name] ?? "INVALID_PARAMETER_VALUE")
    }

    /// What is answered to a method and path that mean no operation.
    package static let unknownOperation = EC2Error(
        "UnknownOperationException", "The requested operation is not known.", httpStatus: 404)
}

extension RESTAnswer {
    /// - Parameter error: what only we can mend is told without its cause.
    package init(refusing error: EC2Error) {
        let code = error.httpStatus >= 500 ? "InternalServerException" : error.code
        header("x-amzn-errortype", code)
        document(JSONWriter.document(Envelope(error: error)))
    }

    private struct Envelope: JSONWritable {
        let error: EC2Error

        func write(to json: inout JSONWriter) {
            json.member("Message", error.message)
            json.member("Reason", error.reason)
        }
    }
}
