// `--throttle TIMES|off`: how often an account may ask.

import ArgumentParser

enum ThrottleOption: ExpressibleByArgument, Sendable, CustomStringConvertible {
    case off
    /// So many times AWS's own rates.
    case times(Double)

    init?(argument: String) {
        if argument == "off" {
            self = .off
        } else if let factor = Double(argument), (0.01...1_000_000).contains(factor) {
            self = .times(factor)
        } else {
            return nil
        }
    }

    var factor: Double? {
        switch self {
        case .off: nil
        case .times(let factor): factor
        }
    }

    var description: String {
        switch self {
        case .off: "off"
        case .times(let factor): factor == factor.rounded() ? "\(Int(factor))" : "\(factor)"
        }
    }
}
