using System.Buffers;
using System.Text;
using Xunit;

namespace ZarrCache.Conformance;

public abstract partial class ZarrStoreSuite
{
    /// <summary>Each with what the message must say of the rule.</summary>
    public static TheoryData<string, string> BadKeys => new()
    {
        { "", "empty" },
        { "/etc/passwd", "'/'" },
        { "../x", "'..'" },
        { "a/../../x", "'..'" },
        { "a//b", "'//'" },
        { "a/", "'/'" },
        { ".", "'.'" },
        { "a/./b", "'.'" },
        { "..", "'..'" },
        { "a\0b", "U+0000" },
        { "a\nb", "U+000A" },
        { "a\u007fb", "U+007F" },
        { "a\u0085b", "U+0085" },
        { "a\ud800b", "surrogate" },
        { "\udc00", "surrogate" },
        { new string('k', ZarrKey.MaxBytes + 1), "1024 bytes" },
        { string.Concat(Enumerable.Repeat("é/", 400)) + "é", "1024 bytes" },
    };

    /// <summary>Valid keys that differ, whatever a medium makes of case, normal form, escapes, reserved or long names.</summary>
    private static readonly string[] NastyKeys =
    [
        "A", "a", "u/A", "u/a", "\u00e9", "e\u0301", "\u212b", "\u00c5", "A\u030a", "ß", "ẞ", "ss", "İ", "i", "ı",
        "CON", "con", "CON.txt", "nul", "COM1", "a:b", "a:", "a b", "a ", " a", "a.", "a..", "...", ".a", "a\\b", "a*b", "a?b", "a\"b", "a<b", "a>b", "a|b", "~", "$", "#", "&", "+", "a+b", "a%20b",
        "%", "%%", "%2", "%2F", "%2f", "%252F", "%25", "%41", "a%", "a%/b", "a%2Fb", "%/-", "-", "-a", "%.", "\u2215", "\uff0f",
        ".zarrcache", ".ZarrCache", ".zarrcache-tmp-0123456789abcdef", ".zarrcache-conflicts", ".zarrcache-conflicts/x", ".zarrcache-conflicts/x%2Fy", "x/.zarrcache-tmp-0", "%2Ezarrcache", "%2E",
        "__parts__/x", "__parts__/x/0-5.1", "__conflicts__/a", "a/b", "a/b/c", "b/c", "b",
        "\ud83d\ude00", "数据/变量", "zarr.json", ".zarray", "u/.zattrs",
        new string('l', 255), new string('l', 256), new string('l', 254) + "%", new string('l', 300), new string('l', 254) + "/" + new string('l', 300), "x/" + new string('é', 150) + "/y", new string('l', 254) + "..", new string('l', 254) + "%/-l",
        new string('m', ZarrKey.MaxBytes), string.Concat(Enumerable.Repeat("d/", 511)) + "dd", string.Concat(Enumerable.Repeat("é", 512)),
    ];

    private string[] Keys => [.. NastyKeys.Where(key => Encoding.UTF8.GetByteCount(key) <= MaxKeyBytes)];

    [Theory]
    [MemberData(nameof(BadKeys))]
    public async Task A_bad_key_is_refused_by_name_and_rule(string key, string rule)
    {
        Func<Task>[] calls =
        [
            async () => await Store.GetAsync(key, default, Ct),
            async () => await Store.SetAsync(key, ReadOnlySequence<byte>.Empty, Ct),
            async () => await Store.EraseAsync(key, Ct),
        ];
        foreach (Func<Task> call in calls)
        {
            var error = await Assert.ThrowsAsync<ArgumentException>(call);
            Assert.Contains(rule, error.Message, StringComparison.Ordinal);
            Assert.Contains(key[..Math.Min(1, key.Length)].Replace('\0', '\uFFFD').Replace('\udc00', '\uFFFD'), error.Message, StringComparison.Ordinal);
        }

        Assert.Empty(await All(Store.ListPrefixAsync("", Ct)));
    }

    [Theory]
    [InlineData("u")]
    [InlineData("/")]
    [InlineData("../")]
    [InlineData("a/../")]
    [InlineData("a//")]
    public async Task A_bad_prefix_is_refused(string prefix)
    {
        await SetAsync("u/c");
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.ErasePrefixAsync(prefix, Ct));
        await Assert.ThrowsAsync<ArgumentException>(() => All(Store.ListPrefixAsync(prefix, Ct)));
        await Assert.ThrowsAsync<ArgumentException>(() => All(Store.ListDirAsync(prefix, Ct)));
        Assert.Equal(["u/c"], await All(Store.ListPrefixAsync("", Ct)));
    }

    [Fact]
    public async Task Every_valid_key_is_its_own_and_comes_back()
    {
        await SetAsync(Keys);
        Assert.Equal(Keys.Order(StringComparer.Ordinal), (await All(Store.ListPrefixAsync("", Ct))).Order(StringComparer.Ordinal));
        foreach (string key in Keys)
        {
            Assert.Equal(Value(key), await Store.GetBytesAsync(key, ct: Ct));
        }

        string[] rest = Keys;
        while (rest is [string first, ..])
        {
            Assert.True(await Store.EraseAsync(first, Ct), first);
            rest = rest[1..];
            Assert.Null(await Store.GetBytesAsync(first, ct: Ct));
        }

        Assert.Empty(await All(Store.ListPrefixAsync("", Ct)));
    }

    [Fact]
    public async Task Nasty_keys_are_listed_by_directory_too()
    {
        string[] keys = [.. Keys.Where(key => key.Count(c => c == '/') < 10)]; // one of hundreds of levels takes its square
        await SetAsync(keys);
        await WalkAsync("", keys);

        async Task WalkAsync(string prefix, IEnumerable<string> below)
        {
            string[] expected = [.. below.Select(key => key.IndexOf('/', prefix.Length) is >= 0 and int slash ? key[..(slash + 1)] : key).Distinct().Order(StringComparer.Ordinal)];
            Assert.Equal(expected, (await All(Store.ListDirAsync(prefix, Ct))).Order(StringComparer.Ordinal));
            foreach (string child in expected.Where(child => child.EndsWith('/') && child.Length < 100))
            {
                await WalkAsync(child, below.Where(key => key.StartsWith(child, StringComparison.Ordinal)));
            }
        }
    }

    [Theory]
    [InlineData("a", "a/b")]
    [InlineData("a/b", "a")]
    [InlineData("x/y/z", "x/y")]
    [InlineData("x", "x/y/z")]
    public async Task A_key_may_stand_beside_its_own_prefix(string first, string second)
    {
        await SetAsync(first, second);
        foreach (string key in (string[])[first, second])
        {
            Assert.Equal(Value(key), await Store.GetBytesAsync(key, ct: Ct));
            await Store.SetAsync(key, Value(key + " replaced"), Ct);
            Assert.Equal(Value(key + " replaced"), await Store.GetBytesAsync(key, ct: Ct));
        }

        Assert.True(await Store.EraseAsync(first, Ct));
        Assert.Null(await Store.GetBytesAsync(first, ct: Ct));
        Assert.Equal(Value(second + " replaced"), await Store.GetBytesAsync(second, ct: Ct));
        await SetAsync(second);
        Assert.Equal([second], await All(Store.ListPrefixAsync("", Ct)));
        await SetAsync(first);
        await Store.ErasePrefixAsync("", Ct);
        Assert.Empty(await All(Store.ListPrefixAsync("", Ct)));
        Assert.Null(await Store.GetBytesAsync(first, ct: Ct));
    }
}
