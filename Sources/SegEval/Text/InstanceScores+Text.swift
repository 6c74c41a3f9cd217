import Support

private func cell(_ fraction: Double?) -> String { fraction.map { percentage($0) } ?? "–" }

extension COCOScores {
    /// A table of the twelve numbers and one of the categories, in per cent.
    public var text: String {
        var summary = TextTable([.init(region.rawValue), .init("%", .right)])
        for row in self.summary.rows { summary.append([row.name, cell(row.value)]) }
        var table = TextTable([
            .init("class"), .init("objects", .right), .init("detections", .right), .init("AP", .right), .init("AP50", .right),
            .init("AP75", .right), .init("AR 100", .right),
        ])
        for category in categories {
            table.append([
                category.name, category.truths == 0 ? "absent" : "\(category.truths)", "\(category.detections)",
                cell(category.averagePrecision), cell(category.averagePrecision50), cell(category.averagePrecision75),
                cell(category.averageRecall),
            ])
        }
        return summary.text + "\n\n" + table.text
    }
}

extension CityscapesScores {
    /// A table of the classes and their mean, in per cent.
    public var text: String {
        var table = TextTable([
            .init("class"), .init("objects", .right), .init("detections", .right), .init("AP", .right), .init("AP50", .right),
        ])
        for one in classes {
            table.append([
                one.name, one.truths == 0 ? "absent" : "\(one.truths)", "\(one.detections)", cell(one.averagePrecision),
                cell(one.averagePrecision50),
            ])
        }
        table.append(["mean", "", "", cell(averagePrecision), cell(averagePrecision50)])
        return "\(images) images\n\n" + table.text
    }
}

extension PanopticQuality {
    /// A table of the classes and the means of things, stuff and all, in per cent.
    public var text: String {
        var table = TextTable([
            .init("class"), .init("kind"), .init("PQ", .right), .init("SQ", .right), .init("RQ", .right), .init("found", .right),
            .init("wrong", .right), .init("missed", .right),
        ])
        func numbers(_ scores: Scores?) -> [String] {
            [scores?.panopticQuality, scores?.segmentationQuality, scores?.recognitionQuality].map(cell)
        }
        for one in classes {
            let counts = one.scores == nil ? ["absent"] : ["\(one.found)", "\(one.wrong)", "\(one.missed)"]
            table.append([one.name, one.isThing ? "thing" : "stuff"] + numbers(one.scores) + counts)
        }
        for (name, scores) in [("things", things), ("stuff", stuff), ("all", all)] { table.append([name, "mean"] + numbers(scores)) }
        return "\(images) images\n\n" + table.text
    }
}
