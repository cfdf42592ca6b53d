using System.Text;
using CsCheck;
using Xunit;

namespace ZarrCache.Storage.FileSystem.Tests;

public sealed class FileNamesTests
{
    private const NameRules Strictest = NameProbe.Strictest;

    [Theory]
    [InlineData("u/c/0/1", "u/c/0/1")]
    [InlineData("Temperature.2m/.zarray", "Temperature.2m/.zarray")]
    [InlineData("数据/é", "数据/é")]
    [InlineData("a:b/CON/x. ", "a:b/CON/x. ")]
    [InlineData("100%/50%x", "100%25/50%x")]
    [InlineData("a%2Fb", "a%252Fb")]
    [InlineData("a%2fb", "a%252fb")]
    [InlineData(".zarrcache-tmp-1", "%2Ezarrcache-tmp-1")]
    [InlineData("x/.ZARRCACHE", "x/%2EZARRCACHE")]
    [InlineData("__parts__/x", "__parts__/x")]
    public void A_name_stays_plain_unless_it_would_be_ambiguous(string key, string path) => Assert.Equal(path, FileNames.ToPath(key, NameRules.None));

    [Theory]
    [InlineData("Ab", "%41b")]
    [InlineData("é", "%C3%A9")]
    [InlineData("a:b", "a%3Ab")]
    [InlineData("con", "%63on")]
    [InlineData("com1.txt", "%63om1.txt")]
    [InlineData("console", "console")]
    [InlineData("a.", "a%2E")]
    [InlineData("a ", "a%20")]
    [InlineData("a\\b", "a%5Cb")]
    [InlineData("u/c/0.1", "u/c/0.1")]
    public void Where_names_fold_they_are_escaped(string key, string path) => Assert.Equal(path, FileNames.ToPath(key, Strictest));

    [Fact]
    public void A_long_name_is_a_chain_of_directories()
    {
        string path = FileNames.ToPath(new string('x', 300) + "/y", NameRules.None);
        Assert.Equal(new string('x', 254) + "%/-" + new string('x', 46) + "/y", path);
        Assert.Equal(new string('x', 255), FileNames.ToPath(new string('x', 255), NameRules.None));
    }

    [Fact]
    public void A_key_kept_aside_is_one_name() =>
        Assert.Equal(".zarrcache-conflicts/a%2Fb", FileNames.ToConflictPath("a/b", NameRules.None));

    [Fact]
    public void Generated_keys_are_contained_and_come_back() =>
        Gen.Select(Keys, Rules).Sample(
            (key, rules) =>
            {
                foreach (string path in (string[])[FileNames.ToPath(key, rules), FileNames.ToConflictPath(key, rules)])
                {
                    bool aside = path.StartsWith(FileNames.Conflicts + "/", StringComparison.Ordinal);
                    string names = aside ? path[(FileNames.Conflicts.Length + 1)..] : path;
                    Assert.All(names.Split('/'), name => Assert.True(IsHarmless(name, rules), name));
                    Assert.Equal(key, KeyOf(names, rules));
                }
            },
            iter: 5000);

    [Fact]
    public void No_two_generated_keys_share_a_path_however_the_file_system_folds() =>
        Gen.Select(Keys, Keys, Rules).Sample(
            (a, b, rules) => Assert.Equal(a == b, Folded(FileNames.ToPath(a, rules), rules) == Folded(FileNames.ToPath(b, rules), rules)),
            iter: 5000);

    [Fact]
    public void Keys_that_differ_in_case_or_form_alone_never_share_a_path_where_it_folds() =>
        Keys.Sample(
            key =>
            {
                foreach (string other in (string[])[key.ToUpperInvariant(), key.ToLowerInvariant(), key.Normalize(NormalizationForm.FormC), key.Normalize(NormalizationForm.FormD)])
                {
                    Assert.Equal(key == other, Folded(FileNames.ToPath(key, Strictest), Strictest) == Folded(FileNames.ToPath(other, Strictest), Strictest));
                }
            },
            iter: 5000);

    private static readonly Gen<NameRules> Rules = Gen.OneOf(NameRules.None, NameRules.Windows, NameRules.FoldsForm, NameRules.FoldsCase | NameRules.FoldsForm, Strictest);

    // few letters, so that keys meet; what the escapes are made of, so that they are mistaken if they can be
    private static readonly Gen<string> Segments = Gen.Frequency(
        (8, Gen.OneOf("a", "A", "%", "-", ".", "2", "5", "F", "f", " ", ":", "é", "e\u0301", "É", "ß", "\ud83d\ude00", "%25", "%2F", ".zarrcache", "CON", "-tmp-").List[1, 5].Select(string.Concat)),
        (1, Gen.Select(Gen.Int[250, 258], Gen.OneOf("", "%", "..", "-", "é", "%25"), (length, end) => new string('l', length) + end)));

    private static readonly Gen<string> Keys = Segments.List[1, 3].Select(segments => string.Join('/', segments)).Where(key => ZarrKey.IsValid(key));

    private static bool IsHarmless(string name, NameRules rules) =>
        name is not ("" or "." or "..")
        && Encoding.UTF8.GetByteCount(name) <= 255
        && !name.StartsWith(FileNames.Reserved, StringComparison.OrdinalIgnoreCase)
        && (!rules.HasFlag(NameRules.Windows) || (name.IndexOfAny([':', '\\', '?']) < 0 && name[^1] is not ('.' or ' ') && !name.Equals("con", StringComparison.OrdinalIgnoreCase)));

    private static string Folded(string path, NameRules rules)
    {
        path = rules.HasFlag(NameRules.FoldsForm) ? path.Normalize(NormalizationForm.FormD) : path;
        return rules.HasFlag(NameRules.FoldsCase) ? path.ToUpperInvariant() : path;
    }

    private static string KeyOf(string path, NameRules rules)
    {
        var segments = new List<string>();
        string joined = "";
        foreach (string name in path.Split('/'))
        {
            joined = FileNames.Join(joined, name)!;
            if (!FileNames.IsPiece(name))
            {
                segments.Add(FileNames.Unescape(joined, rules)!);
                joined = "";
            }
        }

        return string.Join('/', segments);
    }
}
