// Services that speak JSON 1.1: the input is the body, whole, and a header names the operation. All else is as in rest-json.

package import CloudTypes

extension RESTService {
    /// The operation that a request names; nil where it is of another service.
    package func target(in headers: [(name: String, value: String)]) -> Substring? {
        guard let targetPrefix, let target = headers.first(where: { $0.name.lowercased() == "x-amz-target" })?.value,
            target.hasPrefix(targetPrefix + ".")
        else { return nil }
        return target.dropFirst(targetPrefix.utf8.count + 1)
    }

    package static let contentTypeOfJSON = "application/x-amz-json-1.1"

    /// - Parameter error: what only we can mend is told without its cause.
    package func refusalDocument(_ error: EC2Error) -> [UInt8] {
        JSONWriter.document(
            TypedRefusal(type: error.httpStatus >= 500 ? fault : error.code, message: error.message))
    }

    private struct TypedRefusal: JSONWritable {
        let type: String
        let message: String

        func write(to json: inout JSONWriter) {
            json.member("__type", type)
            json.member("Message", message)
        }
    }
}
