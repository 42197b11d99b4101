// The regions of AWS: which this cloud serves is its operator's choice, the others are known by name alone.
// Source: AWS General Reference, "Regions".

enum RegionNames {
    struct Entry: Sendable {
        let name: String
        let longName: String
        let geography: String
        let needsOptIn: Bool

        init(_ name: String, _ longName: String, _ geography: String, needsOptIn: Bool = false) {
            (self.name, self.longName, self.geography) = (name, longName, geography)
            self.needsOptIn = needsOptIn
        }
    }

    static let all: [Entry] = [
        Entry("af-south-1", "Africa (Cape Town)", "South Africa", needsOptIn: true),
        Entry("ap-east-1", "Asia Pacific (Hong Kong)", "Hong Kong", needsOptIn: true),
        Entry("ap-east-2", "Asia Pacific (Taipei)", "Taiwan", needsOptIn: true),
        Entry("ap-northeast-1", "Asia Pacific (Tokyo)", "Japan"),
        Entry("ap-northeast-2", "Asia Pacific (Seoul)", "South Korea"),
        Entry("ap-northeast-3", "Asia Pacific (Osaka)", "Japan"),
        Entry("ap-south-1", "Asia Pacific (Mumbai)", "India"),
        Entry("ap-south-2", "Asia Pacific (Hyderabad)", "India", needsOptIn: true),
        Entry("ap-southeast-1", "Asia Pacific (Singapore)", "Singapore"),
        Entry("ap-southeast-2", "Asia Pacific (Sydney)", "Australia"),
        Entry("ap-southeast-3", "Asia Pacific (Jakarta)", "Indonesia", needsOptIn: true),
        Entry("ap-southeast-4", "Asia Pacific (Melbourne)", "Australia", needsOptIn: true),
        Entry("ap-southeast-5", "Asia Pacific (Malaysia)", "Malaysia", needsOptIn: true),
        Entry("ap-southeast-6", "Asia Pacific (New Zealand)", "New Zealand", needsOptIn: true),
        Entry("ap-southeast-7", "Asia Pacific (Thailand)", "Thailand", needsOptIn: true),
        Entry("ca-central-1", "Canada (Central)", "Canada"),
        Entry("ca-west-1", "Canada West (Calgary)", "Canada", needsOptIn: true),
        Entry("eu-central-1", "Europe (Frankfurt)", "Germany"),
        Entry("eu-central-2", "Europe (Zurich)", "Switzerland", needsOptIn: true),
        Entry("eu-north-1", "Europe (Stockholm)", "Sweden"),
        Entry("eu-south-1", "Europe (Milan)", "Italy", needsOptIn: true),
        Entry("eu-south-2", "Europe (Spain)", "Spain", needsOptIn: true),
        Entry("eu-west-1", "Europe (Ireland)", "Ireland"),
        Entry("eu-west-2", "Europe (London)", "United Kingdom"),
        Entry("eu-west-3", "Europe (Paris)", "France"),
        Entry("il-central-1", "Israel (Tel Aviv)", "Israel", needsOptIn: true),
        Entry("me-central-1", "Middle East (UAE)", "United Arab Emirates", needsOptIn: true),
        Entry("me-south-1", "Middle East (Bahrain)", "Bahrain", needsOptIn: true),
        Entry("mx-central-1", "Mexico (Central)", "Mexico", needsOptIn: true),
        Entry("sa-east-1", "South America (Sao Paulo)", "Brazil"),
        Entry("us-east-1", "US East (N. Virginia)", "United States of America"),
        Entry("us-east-2", "US East (Ohio)", "United States of America"),
        Entry("us-west-1", "US West (N. California)", "United States of America"),
        Entry("us-west-2", "US West (Oregon)", "United States of America"),
    ]

    static func entry(_ name: String) -> Entry? { all.first { $0.name == name } }
}
