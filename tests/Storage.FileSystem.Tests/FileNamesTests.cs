using System.Text;
using CsCheck;
using Xunit;

namespace ZarrCache.Storage.FileSystem.Tests;

public sealed class FileNamesTests
{
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
    [InlineData("é", "%c3%a9")]
    [InlineData("a:b", "a%3ab")]
    [InlineData("con", "%63on")]
    [InlineData("com1.txt", "%63om1.txt")]
    [InlineData("console", "console")]
    [InlineData("a.", "a%2e")]
    [InlineData("a ", "a%20")]
    [InlineData("a\\b", "a%5cb")]
    [InlineData("u/c/0.1", "u/c/0.1")]
    public void Where_names_fold_they_are_escaped(string key, string path) => Assert.Equal(path, FileNames.ToPath(key, NameProbe.Strictest));

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
    public void Generated_keys_are_contained_come_back_and_share_no_path() =>
        Gen.Select(GeneratedNames.Keys.Array[50], GeneratedNames.Rules).Sample(GeneratedNames.Check, iter: 200);

    [Fact]
    public void Keys_that_differ_in_case_or_form_alone_never_share_a_path_where_it_folds() =>
        GeneratedNames.Keys.Sample(
            key => GeneratedNames.Check(
                [key, key.ToUpperInvariant(), key.ToLowerInvariant(), key.Normalize(NormalizationForm.FormC), key.Normalize(NormalizationForm.FormD)],
                NameProbe.Strictest),
            iter: 5000);
}
