import Foundation
import SegData
import Support

extension ClassMap {
    /// What each of a teacher's classes is among the student's.
    /// - Parameters:
    ///   - name: a known map's, such as `common7`, or a file with a line `teacher's class: student's class` for each of the teacher's; a
    ///     class without a counterpart stands alone, or with `none` behind it.
    ///   - teacher: the teacher's classes; nil where only the file knows them.
    /// - Throws: `UserError`.
    static func ofTeacher(_ name: String, teacher: ClassList?, student: ClassList) throws -> ClassMap {
        if name.contains("/") || name.contains(".") { return try fromFile(name, teacher: teacher, student: student) }
        guard let teacher else {
            throw UserError(
                "teacher.classMap: \(name) needs to know the teacher's classes, which its weights do not say",
                hint: "Give a file with a line 'teacher's class: student's class' for each of them.")
        }
        let known = ClassMap.all(from: known(named: teacher.names) ?? teacher)
        guard let map = known[name] else {
            let words = known.isEmpty ? "no map is known from them" : "known from them: \(known.keys.sorted().joined(separator: ", "))"
            throw UserError(
                "teacher.classMap: there is no map '\(name)' from the teacher's classes \(teacher.excerpt)",
                hint: "Give a file with a line 'teacher's class: student's class' for each of them; \(words).")
        }
        guard map.target.names == student.names else {
            throw UserError(
                "teacher.classMap: \(name) gives the classes \(map.target.excerpt), but the student has \(student.excerpt)",
                hint: "Map the data onto the same classes (data.classMap: \(name)), or give a file.")
        }
        return map
    }

    /// A list that is known here, by its names: colours are not always those of its authors.
    private static func known(named names: [String]) -> ClassList? {
        [ClassList.cityscapes19, .camVid11, .idd26, .mapillary65, .common7].first { $0.names == names }
    }

    private static func fromFile(_ path: String, teacher: ClassList?, student: ClassList) throws -> ClassMap {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw UserError(
                "teacher.classMap: cannot read \(path)", hint: "Give the name of a text file, or of a known map such as common7.")
        }
        var pairs: [(teacher: String, student: UInt8)] = []
        for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let content = line.trimmingCharacters(in: .whitespaces)
            if content.isEmpty || content.hasPrefix("#") { continue }
            let parts = content.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            let target = parts.count == 2 && parts[1] != "none" ? parts[1] : nil
            let place = "\(path):\(number + 1)"
            guard let target else {
                pairs.append((parts[0], ClassList.ignore))
                continue
            }
            guard let index = student.index(of: target) else { throw unknown(target, place, "student", student.names) }
            pairs.append((parts[0], UInt8(index)))
        }
        let names = pairs.map(\.teacher)
        guard Set(names).count == names.count else {
            let twice = names.first { name in names.filter { $0 == name }.count > 1 }!
            throw UserError("\(path): the teacher's class '\(twice)' stands there more than once")
        }
        guard let teacher else { return try ClassMap(from: ClassList(names: names), to: student, pairs.map(\.student)) }
        if let wrong = names.first(where: { teacher.index(of: $0) == nil }) { throw unknown(wrong, path, "teacher", teacher.names) }
        let targets = Dictionary(uniqueKeysWithValues: pairs.map { ($0.teacher, $0.student) })
        return try ClassMap(from: teacher, to: student, teacher.names.map { targets[$0] ?? ClassList.ignore })
    }

    private static func unknown(_ name: String, _ place: String, _ side: String, _ names: [String]) -> UserError {
        let nearest = nearestName(to: name, in: names).map { "Did you mean '\($0)'? " } ?? ""
        return UserError("\(place): the \(side) has no class '\(name)'", hint: "\(nearest)Its classes: \(names.joined(separator: ", ")).")
    }
}
