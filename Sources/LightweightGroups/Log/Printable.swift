extension String {
    /// The same with control characters (C0, DEL, C1) written out, which a terminal would obey.
    ///
    /// - Parameter lines: ends of lines are ours, and stay.
    package func printable(lines: Bool = false) -> String {
        let isControl = { (scalar: Unicode.Scalar) in
            scalar.properties.generalCategory == .control && !(lines && scalar == "\n")
        }
        // Most text has none: a control character begins with a byte below a blank, with DEL, or with 0xC2.
        guard utf8.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == 0xC2 }), unicodeScalars.contains(where: isControl)
        else { return self }
        var text = ""
        for scalar in unicodeScalars {
            if isControl(scalar) {
                let digits = String(scalar.value, radix: 16, uppercase: true)
                text += "\\x" + (digits.count < 2 ? "0" : "") + digits
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    /// What an error repeats of a word that may be as long as a line.
    package var shortened: String {
        guard unicodeScalars.count > Self.shownCharacters else { return self }
        return String(String.UnicodeScalarView(unicodeScalars.prefix(Self.shownCharacters - 1))) + "…"
    }

    private static let shownCharacters = 80
}
