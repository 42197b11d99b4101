// Which operation a method and a path mean.

/// The operations of one service by method and path.
package struct RESTRoutes: Sendable {
    private enum Part: Sendable {
        case text(String)
        case label(String)
    }

    private struct Route: Sendable {
        let method: String
        let parts: [Part]
        var labels: Int {
            parts.count { part in
                if case .label = part { true } else { false }
            }
        }
    }

    private let routes: [(place: Int, route: Route)]

    /// - Parameter bindings: `find` answers with places in this list.
    package init(_ bindings: [RESTBinding]) {
        let all = bindings.enumerated().map { (place: $0, route: RESTRoutes.route($1)) }
        // What is spelled out goes before what a label could stand for.
        routes = all.sorted { ($0.route.labels, $0.place) < ($1.route.labels, $1.place) }
    }

    private static func route(_ binding: RESTBinding) -> Route {
        let parts = binding.path.split(separator: "/").map { part in
            part.hasPrefix("{") ? Part.label(String(part.dropFirst().dropLast())) : Part.text(String(part))
        }
        return Route(method: binding.method.rawValue, parts: parts)
    }

    /// - Parameter path: as on the wire; a slash that belongs to a label is escaped there.
    /// - Returns: the labels still escaped; nil: no operation is meant.
    package func find(method: String, path: String) -> (place: Int, labels: [String: String])? {
        let sent = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        for (place, route) in routes where route.method == method && route.parts.count == sent.count {
            if let labels = RESTRoutes.labels(route.parts, in: sent) { return (place, labels) }
        }
        return nil
    }

    private static func labels(_ parts: [Part], in sent: ArraySlice<Substring>) -> [String: String]? {
        var labels: [String: String] = [:]
        for (part, text) in zip(parts, sent) {
            switch part {
            case .text(let wanted): if text != wanted { return nil }
            case .label(let name):
                if text.isEmpty { return nil }
                labels[name] = String(text)
            }
        }
        return labels
    }
}
