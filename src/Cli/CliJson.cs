using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using ZarrCache.Cli.Commands;
using ZarrCache.Cli.Demo;

namespace ZarrCache.Cli;

/// <summary>What <c>--json</c> writes, in all commands: camelCase, sizes in bytes, durations in seconds.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ClearDocument))]
[JsonSerializable(typeof(DemoDocument))]
[JsonSerializable(typeof(EntryLine))]
[JsonSerializable(typeof(PassResult))]
[JsonSerializable(typeof(PinDocument))]
[JsonSerializable(typeof(PinLine))]
[JsonSerializable(typeof(QuotaLine))]
[JsonSerializable(typeof(ServeDocument))]
[JsonSerializable(typeof(StatsDocument))]
[JsonSerializable(typeof(VerifyDocument))]
[JsonSerializable(typeof(WarmDocument))]
internal sealed partial class CliJson : JsonSerializerContext
{
    // Keys are Unicode, and no HTML page is anywhere near.
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One document, indented.</summary>
    public static CliJson Documents { get; } = new(new JsonSerializerOptions(Readable) { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase });

    /// <summary>One line for each of many.</summary>
    public static CliJson Lines { get; } = new(new JsonSerializerOptions(Readable) { PropertyNamingPolicy = JsonNamingPolicy.CamelCase });
}
