using System.Globalization;
using System.Text;
using System.Text.Json;

namespace ZarrCache.Cli.Serve;

/// <summary>
/// A value of a configuration file that knows where it stands, so that every complaint has a line and a column. Members that
/// are given twice are refused when the file is read, those that nobody knows by <see cref="AllowOnly"/>; comments are allowed.
/// </summary>
internal sealed class ConfigNode
{
    private readonly ConfigText _text;
    private readonly JsonTokenType _type;
    private readonly object? _value;
    private readonly string _name;
    private readonly int _position;

    private ConfigNode(ConfigText text, string name, int position, JsonTokenType type, object? value)
    {
        _text = text;
        _name = name;
        _position = position;
        _type = type;
        _value = value;
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="ZarrCacheException">It is no JSON, or has a member twice.</exception>
    public static ConfigNode Parse(byte[] json, string path)
    {
        var text = new ConfigText(json, path);
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip });
        try
        {
            reader.Read();
            ConfigNode root = Read(ref reader, text, "");
            while (reader.Read())
            {
                // only to see that nothing follows
            }

            return root;
        }
        catch (JsonException e)
        {
            string what = e.Message.Split(" LineNumber:")[0];
            throw new ZarrCacheException($"{path}, line {e.LineNumber + 1}, column {e.BytePositionInLine + 1}: this is no JSON: {what}", e);
        }
    }

    /// <summary>The member of that name; null if there is none.</summary>
    public ConfigNode? Find(string name) => Object().GetValueOrDefault(name);

    /// <summary>The members, in the order of the file.</summary>
    public IEnumerable<(string Name, ConfigNode Value)> Members() => Object().Select(member => (member.Key, member.Value));

    /// <summary>Refuses members that are not among <paramref name="names"/>.</summary>
    public void AllowOnly(string[] names)
    {
        foreach ((string name, ConfigNode value) in Members())
        {
            if (!names.Contains(name, StringComparer.Ordinal))
            {
                throw _text.Fault(value._position, $"the key '{name}' is not known here; there is {string.Join(", ", names)}");
            }
        }
    }

    public string Text() => _value as string is { Length: > 0 } text && _type == JsonTokenType.String ? text : throw Fault("must be a text in quotes, and not empty");

    public IReadOnlyList<string> Texts() =>
        _value is List<ConfigNode> items ? [.. items.Select(item => item.Text())] : throw Fault("must be a list of texts, such as [\"one\", \"two\"]");

    public bool Flag() => _type is JsonTokenType.True or JsonTokenType.False ? _type == JsonTokenType.True : throw Fault("must be true or false");

    public string OneOf(string[] values) => values.Contains(Text()) ? Text() : throw Fault($"is '{Text()}'; it must be one of {string.Join(", ", values)}");

    public long Number(long least, long most) =>
        _type == JsonTokenType.Number && long.TryParse((string)_value!, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number >= least && number <= most
            ? number
            : throw Fault(string.Create(CultureInfo.InvariantCulture, $"must be a whole number from {least} to {most}"));

    /// <summary>A size in bytes: <c>"50GiB"</c>, or a number.</summary>
    public long Size()
    {
        if (_type == JsonTokenType.Number)
        {
            return Number(1, long.MaxValue);
        }

        try
        {
            return ByteSize.Parse(Text()) is > 0 and var size ? size : throw Fault("must be at least 1 byte");
        }
        catch (FormatException e)
        {
            throw Fault($"is no size: {e.Message}");
        }
    }

    /// <summary>A duration: <c>"10min"</c>.</summary>
    public TimeSpan Duration()
    {
        try
        {
            return Durations.Parse(Text());
        }
        catch (FormatException e)
        {
            throw Fault($"is no duration: {e.Message}");
        }
    }

    /// <summary>A duration, or <c>"never"</c> for <see cref="Timeout.InfiniteTimeSpan"/>.</summary>
    public TimeSpan DurationOrNever() => Text() == "never" ? Timeout.InfiniteTimeSpan : Duration();

    /// <summary>A complaint about this value.</summary>
    public ZarrCacheException Fault(string rule) => _text.Fault(_position, _name.Length == 0 ? $"this {rule}" : $"'{_name}' {rule}");

    private Dictionary<string, ConfigNode> Object() =>
        _value as Dictionary<string, ConfigNode> ?? throw Fault("must be an object in braces: { … }");

    /// <param name="reader">At the first token of the value.</param>
    /// <param name="text">The file.</param>
    /// <param name="name">The member that the value belongs to.</param>
    /// <param name="position">Where the member begins; of a value without a name where it begins itself.</param>
    private static ConfigNode Read(ref Utf8JsonReader reader, ConfigText text, string name, int? position = null)
    {
        int start = position ?? (int)reader.TokenStartIndex;
        JsonTokenType type = reader.TokenType;
        object? value = null;
        switch (type)
        {
            case JsonTokenType.StartObject:
                var members = new Dictionary<string, ConfigNode>(StringComparer.Ordinal);
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    string member = reader.GetString()!;
                    int at = (int)reader.TokenStartIndex;
                    if (members.TryGetValue(member, out ConfigNode? first))
                    {
                        throw text.Fault(at, $"the key '{member}' is given a second time; the first is at {text.Describe(first._position)}");
                    }

                    reader.Read();
                    members.Add(member, Read(ref reader, text, member, at));
                }

                value = members;
                break;
            case JsonTokenType.StartArray:
                var items = new List<ConfigNode>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    items.Add(Read(ref reader, text, ""));
                }

                value = items;
                break;
            case JsonTokenType.String:
                value = reader.GetString();
                break;
            case JsonTokenType.Number:
                value = Encoding.UTF8.GetString(reader.ValueSpan);
                break;
        }

        return new ConfigNode(text, name, start, type, value);
    }
}

/// <summary>The text of a configuration file, for the places in it.</summary>
internal sealed class ConfigText(byte[] bytes, string path)
{
    /// <summary>The line and the column of a byte, each from 1, the column in characters.</summary>
    public string Describe(int position)
    {
        ReadOnlySpan<byte> before = bytes.AsSpan(0, position);
        int line = before.Count((byte)'\n') + 1;
        int column = Encoding.UTF8.GetCharCount(before[(before.LastIndexOf((byte)'\n') + 1)..]) + 1;
        return string.Create(CultureInfo.InvariantCulture, $"line {line}, column {column}");
    }

    public ZarrCacheException Fault(int position, string fault) => new($"{path}, {Describe(position)}: {fault}.");
}
