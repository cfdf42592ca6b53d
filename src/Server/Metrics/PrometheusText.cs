using System.Globalization;
using System.Text;

namespace ZarrCache.Server.Metrics;

/// <summary>Writes metrics in Prometheus' text format, version 0.0.4. Names are those of the instruments by the rules of OpenTelemetry: <c>_</c> for dots, the unit, <c>_total</c>.</summary>
internal sealed class PrometheusText
{
    private readonly StringBuilder _text = new();

    /// <summary>The name of an instrument.</summary>
    public static string NameOf(string instrument, string? unit, bool isCounter)
    {
        string name = instrument.Replace('.', '_');
        string suffix = unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        name = name.EndsWith(suffix, StringComparison.Ordinal) ? name : name + suffix;
        return isCounter ? name + "_total" : name;
    }

    /// <summary>Begins a metric.</summary>
    public void Begin(string name, string type, string? help)
    {
        if (!string.IsNullOrEmpty(help))
        {
            _text.Append("# HELP ").Append(name).Append(' ').Append(help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('\n');
        }

        _text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
    }

    /// <summary>A value of the metric.</summary>
    public void Add(string name, string labels, double value) =>
        _text.Append(name).Append(labels.Length == 0 ? "" : "{").Append(labels).Append(labels.Length == 0 ? " " : "} ")
            .Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');

    /// <summary>Labels as they stand between the braces.</summary>
    public static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = new StringBuilder();
        foreach (KeyValuePair<string, object?> tag in tags)
        {
            string value = Convert.ToString(tag.Value, CultureInfo.InvariantCulture) ?? "";
            labels.Append(labels.Length == 0 ? "" : ",").Append(tag.Key.Replace('.', '_')).Append("=\"")
                .Append(value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal))
                .Append('"');
        }

        return labels.ToString();
    }

    public override string ToString() => _text.ToString();
}
