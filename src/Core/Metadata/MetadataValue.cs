using System.Collections.Immutable;
using System.Text.Json;

namespace ZarrCache.Metadata;

/// <summary>One JSON value of a metadata document. It knows where it stands, so that every fault names document, place and rule.</summary>
internal readonly struct MetadataValue
{
    /// <summary>A name twice has no one meaning; Python takes the last, other readers the first.</summary>
    private static readonly JsonDocumentOptions Options = new() { AllowDuplicateProperties = false };

    private readonly JsonElement _element;
    private readonly string _document;
    private readonly string _place;

    private MetadataValue(JsonElement element, string document, string place)
    {
        _element = element;
        _document = document;
        _place = place;
    }

    public bool IsNull => _element.ValueKind == JsonValueKind.Null;

    public bool IsText => _element.ValueKind == JsonValueKind.String;

    public bool IsArray => _element.ValueKind == JsonValueKind.Array;

    /// <summary>The value as JSON.</summary>
    public string Raw => _element.GetRawText();

    /// <summary>Parses a whole document, which must be a JSON object.</summary>
    public static MetadataValue Parse(string document, ReadOnlyMemory<byte> utf8)
    {
        try
        {
            return new MetadataValue(JsonElement.Parse(PythonJson.ToStandard(utf8).Span, Options), document, "").AsObject();
        }
        catch (JsonException e)
        {
            throw new ZarrMetadataException(document, $"is no JSON: {e.Message.TrimEnd('.')}", e);
        }
    }

    public ZarrMetadataException Fault(string rule)
    {
        string raw = _element.ValueKind == JsonValueKind.Undefined ? "nothing" : _element.GetRawText();
        string value = raw.Length > 60 ? raw[..60] + "…" : raw;
        return new ZarrMetadataException(_document, _place.Length == 0 ? rule : $"has {value} as '{_place}', which {rule}");
    }

    public MetadataValue AsObject() =>
        _element.ValueKind == JsonValueKind.Object ? this : throw Fault("must be a JSON object");

    /// <summary>A member that must be there, of an object.</summary>
    public MetadataValue Get(string name) =>
        Find(name) ?? throw new ZarrMetadataException(_document, $"has no '{Below(name)}'");

    /// <summary>A member that may be missing, of an object.</summary>
    public MetadataValue? Find(string name) =>
        AsObject()._element.TryGetProperty(name, out JsonElement member) ? new MetadataValue(member, _document, Below(name)) : null;

    /// <summary>The members of an object.</summary>
    public IEnumerable<(string Name, MetadataValue Value)> Members()
    {
        foreach (JsonProperty member in AsObject()._element.EnumerateObject())
        {
            yield return (member.Name, new MetadataValue(member.Value, _document, Below(member.Name)));
        }
    }

    /// <summary>The items of an array.</summary>
    public List<MetadataValue> Items()
    {
        if (!IsArray)
        {
            throw Fault("must be a JSON array");
        }

        var items = new List<MetadataValue>(_element.GetArrayLength());
        foreach (JsonElement item in _element.EnumerateArray())
        {
            items.Add(new MetadataValue(item, _document, $"{_place}[{items.Count}]"));
        }

        return items;
    }

    public string Text() => IsText ? _element.GetString()! : throw Fault("must be text");

    public string TextOrJson() => IsText ? Text() : Raw;

    public long Integer(long minimum) =>
        _element.ValueKind == JsonValueKind.Number && _element.TryGetInt64(out long value) && value >= minimum
            ? value
            : throw Fault($"must be a whole number from {minimum} to 2^63 - 1");

    public ImmutableArray<long> Integers(long minimum) => [.. Items().Select(item => item.Integer(minimum))];

    /// <summary>An extension point of v3: <c>{"name": …, "configuration": {…}}</c>, or the name alone.</summary>
    public (string Name, MetadataValue? Configuration) Extension() =>
        IsText ? (Text(), null) : (Get("name").Text(), Find("configuration"));

    private string Below(string name) => _place.Length == 0 ? name : $"{_place}.{name}";
}
