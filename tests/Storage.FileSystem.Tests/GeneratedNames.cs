using System.Text;
using CsCheck;

namespace ZarrCache.Storage.FileSystem.Tests;

/// <summary>Keys and store ids that are hard on a file system, and what must hold of their paths.</summary>
internal static class GeneratedNames
{
    public static readonly Gen<NameRules> Rules = Gen.OneOf(NameRules.None, NameRules.Windows, NameRules.FoldsForm, NameRules.FoldsCase | NameRules.FoldsForm, NameProbe.Strictest);

    // few letters, so that keys meet; what the escapes are made of, so that they are mistaken if they can be
    private static readonly Gen<string> Segments = Gen.Frequency(
        (8, Gen.OneOf("a", "A", "%", "-", ".", "2", "5", "F", "f", " ", ":", "é", "e\u0301", "É", "ß", "\ud83d\ude00", "%25", "%2F", ".zarrcache", "CON", "-tmp-").List[1, 5].Select(string.Concat)),
        (1, Gen.Select(Gen.Int[250, 258], Gen.OneOf("", "%", "..", "-", "é", "%25"), (length, end) => new string('l', length) + end)));

    public static readonly Gen<string> Keys = Segments.List[1, 3].Select(segments => string.Join('/', segments)).Where(key => ZarrKey.IsValid(key));

    /// <summary>Holds that keys stay below their root and come back, and that no two of them share a path, however the file system folds names; and the same of ids.</summary>
    /// <exception cref="InvalidOperationException">It does not hold; the message names the key.</exception>
    public static void Check(string[] keys, NameRules rules)
    {
        var owners = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string key in keys.Where(key => ZarrKey.IsValid(key)).Distinct(StringComparer.Ordinal))
        {
            Check(key, FileNames.ToPath(key, rules), "", rules, owners);
            Check(key, FileNames.ToConflictPath(key, rules), FileNames.Conflicts + "/", rules, owners);
            Check(key, FileNames.ToSingleName("", key, ".zarr", rules), "", rules, owners, suffix: ".zarr");
        }
    }

    private static void Check(string key, string path, string prefix, NameRules rules, Dictionary<string, string> owners, string suffix = "")
    {
        string names = path.StartsWith(prefix, StringComparison.Ordinal) ? path[prefix.Length..] : throw new InvalidOperationException($"'{key}' lies at '{path}', not below '{prefix}'.");
        if (names.Split('/').FirstOrDefault(name => !IsHarmless(name, rules)) is { } harmful)
        {
            throw new InvalidOperationException($"'{key}' has the name '{harmful}'.");
        }

        if (KeyOf(names, suffix, rules) is var back && back != key)
        {
            throw new InvalidOperationException($"'{key}' comes back as '{back}'.");
        }

        string place = $"{suffix}:{Folded(path, rules)}"; // stores lie in a directory of their own
        if (!owners.TryAdd(place, key))
        {
            throw new InvalidOperationException($"'{key}' and '{owners[place]}' share the path '{path}'.");
        }
    }

    private static bool IsHarmless(string name, NameRules rules) =>
        name is not ("" or "." or "..")
        && Encoding.UTF8.GetByteCount(name) <= 255
        && !name.StartsWith(FileNames.Reserved, StringComparison.OrdinalIgnoreCase)
        && !(rules.HasFlag(NameRules.FoldsCase) && name.AsSpan().ContainsAnyInRange('A', 'Z'))
        && (!rules.HasFlag(NameRules.Windows) || (name.IndexOfAny([':', '\\', '?']) < 0 && name[^1] is not ('.' or ' ') && !name.Equals("con", StringComparison.OrdinalIgnoreCase)));

    private static string Folded(string path, NameRules rules)
    {
        path = rules.HasFlag(NameRules.FoldsForm) ? path.Normalize(NormalizationForm.FormD) : path;
        return rules.HasFlag(NameRules.FoldsCase) ? path.ToUpperInvariant() : path;
    }

    private static string KeyOf(string path, string suffix, NameRules rules)
    {
        var segments = new List<string>();
        string joined = "";
        foreach (string name in path.Split('/'))
        {
            joined = FileNames.Join(joined, name)!;
            if (!FileNames.IsPiece(name))
            {
                segments.Add(FileNames.Unescape(joined[..^suffix.Length], rules)!);
                joined = "";
            }
        }

        return string.Join('/', segments);
    }
}
