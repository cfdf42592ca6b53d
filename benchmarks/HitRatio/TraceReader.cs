using System.Globalization;
using System.IO.Compression;

namespace ZarrCache.HitRatio;

/// <summary>Reads the public traces beside the program; see their README for where they come from.</summary>
public static class TraceReader
{
    private const string StoreId = "trace";

    /// <summary>One key a line, of objects of equal size and cost; <c>*</c> separates nothing that matters here.</summary>
    public static Trace ReadKeys(string name) =>
        Read(name, name, fields => fields[0] == "*" ? null : (fields[0], 1, 1));

    /// <summary><c>time key size</c>.</summary>
    public static Trace ReadSized(string name) =>
        Read("adaptsize", name, fields => (fields[1], long.Parse(fields[2], CultureInfo.InvariantCulture), 1));

    /// <summary><c>operation key count hit-penalty miss-penalty</c>, of objects of equal size; a miss costs its penalty.</summary>
    public static Trace ReadPenalties(string name) =>
        Read(name, name, fields => (fields[1], 1, double.Parse(fields[4], CultureInfo.InvariantCulture)));

    private static Trace Read(string name, string file, Func<string[], (string Key, long Size, double Cost)?> parse)
    {
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        var keys = new List<EntryKey>();
        var requests = new List<Request>();
        string path = Path.Combine(AppContext.BaseDirectory, "traces", file + ".trace.gz");
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        for (int line = 1; reader.ReadLine() is { } text; line++)
        {
            try
            {
                if (parse(text.Split(' ', StringSplitOptions.RemoveEmptyEntries)) is not { } read)
                {
                    continue;
                }

                if (!places.TryGetValue(read.Key, out int place))
                {
                    places.Add(read.Key, place = keys.Count);
                    keys.Add(new EntryKey(StoreId, read.Key));
                }

                requests.Add(new Request(place, read.Size, read.Cost));
            }
            catch (Exception e) when (e is FormatException or IndexOutOfRangeException or OverflowException)
            {
                throw new InvalidDataException($"Line {line} of '{path}' is '{text}', which is no read of this kind of trace.", e);
            }
        }

        return new Trace(name, keys, requests);
    }
}
