using System.Globalization;

namespace ZarrCache;

/// <summary>
/// Where an entry's bytes lie in the chunk storage of its store. A value lies under its own key, so that a complete store
/// is a plain Zarr hierarchy; all else lies under <c>__parts__/</c>, a name that the Zarr specification reserves:
/// <list type="bullet">
/// <item>a part of <c>u/c/0</c> that begins at byte 1024: <c>__parts__/p/u/c/0@1024.{version, hexadecimal}</c>;</item>
/// <item>the value of a key that itself begins with <c>__parts__/</c>: <c>__parts__/v/{key}</c>.</item>
/// </list>
/// The mapping is injective, and the parts of all keys below a prefix share the prefix <c>__parts__/p/{prefix}</c>.
/// </summary>
internal static class ChunkLayout
{
    private const string Reserved = "__parts__/";
    private const string Parts = "__parts__/p/";
    private const string Values = "__parts__/v/";

    /// <summary>The chunk key of a value, or of a part if <paramref name="kind"/> says so. May be longer than a key is allowed to be: see <see cref="Fits"/>.</summary>
    public static string GetChunkKey(EntryKind kind, string key, long offset, long version) => kind switch
    {
        EntryKind.Part => string.Create(CultureInfo.InvariantCulture, $"{Parts}{key}@{offset}.{version:x}"),
        EntryKind.Value => key.StartsWith(Reserved, StringComparison.Ordinal) ? Values + key : key,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "An absence has no bytes."),
    };

    /// <inheritdoc cref="GetChunkKey(EntryKind, string, long, long)"/>
    public static string GetChunkKey(IndexEntry entry) => GetChunkKey(entry.Kind, entry.Key, entry.Offset, entry.Version);

    /// <summary>The prefix directly below which the parts of a key lie, beside those of its neighbours.</summary>
    public static string GetPartsPrefix(string key) => Parts + key[..(key.LastIndexOf('/') + 1)];

    /// <summary>Whether a chunk key is short enough for every storage.</summary>
    public static bool Fits(string chunkKey) =>
        chunkKey.Length * 3 <= ZarrKey.MaxBytes || System.Text.Encoding.UTF8.GetByteCount(chunkKey) <= ZarrKey.MaxBytes;

    /// <summary>The prefixes that hold everything of the keys below <paramref name="prefix"/>; not those too long for a key to lie below.</summary>
    public static IEnumerable<string> GetChunkPrefixes(string prefix)
    {
        if (prefix.Length == 0)
        {
            return [""];
        }

        string values = prefix.StartsWith(Reserved, StringComparison.Ordinal) ? Values + prefix : prefix;
        return new[] { values, Parts + prefix }.Where(Fits);
    }

    /// <summary>What the bytes under a chunk key are; false if this layout has no such name, so that they are nobody's.</summary>
    public static bool TryParse(string chunkKey, out EntryKind kind, out string key, out long offset, out long version)
    {
        (kind, key, offset, version) = (EntryKind.Value, chunkKey, 0, 0);
        if (!chunkKey.StartsWith(Reserved, StringComparison.Ordinal))
        {
            return true;
        }

        if (chunkKey.StartsWith(Values, StringComparison.Ordinal))
        {
            key = chunkKey[Values.Length..];
            return key.StartsWith(Reserved, StringComparison.Ordinal) && ZarrKey.IsValid(key);
        }

        int at = chunkKey.LastIndexOf('@');
        int dot = chunkKey.LastIndexOf('.');
        if (!chunkKey.StartsWith(Parts, StringComparison.Ordinal) || at <= Parts.Length || dot < at)
        {
            return false;
        }

        kind = EntryKind.Part;
        key = chunkKey[Parts.Length..at];
        return ZarrKey.IsValid(key)
            && long.TryParse(chunkKey.AsSpan(at + 1, dot - at - 1), NumberStyles.None, CultureInfo.InvariantCulture, out offset)
            && long.TryParse(chunkKey.AsSpan(dot + 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out version)
            && GetChunkKey(kind, key, offset, version) == chunkKey;
    }
}
