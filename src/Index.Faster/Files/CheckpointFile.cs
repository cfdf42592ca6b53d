using System.IO.Hashing;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace ZarrCache.Index.Faster;

/// <summary>
/// The file <c>checkpoint</c>: written anew and renamed for each checkpoint, which makes it the moment at which the checkpoint
/// is there, totals and entries at once. Little-endian; texts and arrays begin with their length in 4 bytes:
/// <code>
/// 0  4  'Z' 'C' 'F' and 1           4  4  version of the format, 1
/// 8  .  when (UTC ticks), closed, condition, clock, log: begin, end, live bytes; page bytes
///    .  token and metadata of the log, then of the hash table; length, hash and memory of the table
///    .  policy, its state; pins; stores with count, bytes, allocated bytes and absences each
///    8  XxHash3 of all that stands before
/// </code>
/// </summary>
internal static class CheckpointFile
{
    public const int CurrentVersion = 1;

    private const uint Magic = 'Z' | 'C' << 8 | 'F' << 16 | 1 << 24;
    private const int HeadSize = 8;

    public static string PathIn(string directory) => Path.Combine(directory, "checkpoint");

    /// <summary>Refuses what a newer version wrote, which is to be left as it is.</summary>
    /// <exception cref="CacheFormatException">The message names the directory and both versions.</exception>
    public static void RefuseNewer(string directory)
    {
        using FileStream? file = File.Exists(PathIn(directory)) ? File.OpenRead(PathIn(directory)) : null;
        Span<byte> head = stackalloc byte[HeadSize];
        if (file?.ReadAtLeast(head, HeadSize, throwOnEndOfStream: false) == HeadSize
            && BitConverter.ToUInt32(head) == Magic
            && BitConverter.ToInt32(head[4..]) is var version and > CurrentVersion)
        {
            throw new CacheFormatException($"The index '{directory}' has version {version}; this program knows versions up to {CurrentVersion}. Use the newer ZarrCache that wrote it, or move the directory away to begin a new index.");
        }
    }

    /// <summary>The checkpoint of a directory; null if there is none.</summary>
    /// <exception cref="CacheFormatException">It is damaged; the message names the file.</exception>
    public static Checkpoint? Read(string directory)
    {
        string path = PathIn(directory);
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (FileNotFoundException)
        {
            return null;
        }

        if (bytes.Length < HeadSize + sizeof(ulong)
            || BitConverter.ToUInt32(bytes) != Magic
            || BitConverter.ToUInt64(bytes, bytes.Length - sizeof(ulong)) != XxHash3.HashToUInt64(bytes.AsSpan(0, bytes.Length - sizeof(ulong))))
        {
            throw new CacheFormatException($"The file '{path}' of the index is damaged: its {bytes.Length} bytes do not match their check sum.");
        }

        return Parse(bytes);
    }

    /// <summary>Replaces the checkpoint; durable when it returns.</summary>
    public static void Write(string directory, Checkpoint checkpoint)
    {
        byte[] bytes = Format(checkpoint);
        string path = PathIn(directory);
        string temporary = path + ".new";
        using (SafeFileHandle file = File.OpenHandle(temporary, FileMode.Create, FileAccess.Write))
        {
            RandomAccess.Write(file, bytes, 0);
            RandomAccess.FlushToDisk(file);
        }

        File.Move(temporary, path, overwrite: true);
    }

    private static byte[] Format(Checkpoint checkpoint)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write(Magic);
        writer.Write(CurrentVersion);
        writer.Write(checkpoint.At.UtcTicks);
        writer.Write(checkpoint.Closed);
        writer.Write((byte)checkpoint.Condition);
        writer.Write(checkpoint.Clock);
        writer.Write(checkpoint.Log.Begin);
        writer.Write(checkpoint.Log.End);
        writer.Write(checkpoint.Log.LiveBytes);
        writer.Write(checkpoint.PageBytes);
        writer.Write(checkpoint.LogToken.ToByteArray());
        WriteBytes(writer, checkpoint.LogMetadata);
        writer.Write(checkpoint.TableToken.ToByteArray());
        WriteBytes(writer, checkpoint.TableMetadata);
        writer.Write(checkpoint.Table.Length);
        writer.Write(checkpoint.Table.Hash);
        writer.Write(checkpoint.TableBytes);
        WriteText(writer, checkpoint.Policy);
        WriteBytes(writer, checkpoint.PolicyState);
        writer.Write(checkpoint.Pins.Count);
        foreach (Pin pin in checkpoint.Pins)
        {
            WriteText(writer, pin.StoreId);
            WriteText(writer, pin.Prefix);
        }

        writer.Write(checkpoint.Stores.Count);
        foreach ((string id, IndexTotals totals) in checkpoint.Stores)
        {
            WriteText(writer, id);
            writer.Write(totals.Count);
            writer.Write(totals.Bytes);
            writer.Write(totals.AllocatedBytes);
            writer.Write(totals.AbsentCount);
        }

        writer.Write(XxHash3.HashToUInt64(stream.GetBuffer().AsSpan(0, (int)stream.Length)));
        return stream.ToArray();
    }

    private static Checkpoint Parse(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes, HeadSize, bytes.Length - HeadSize), Encoding.UTF8);
        return new Checkpoint
        {
            At = new DateTimeOffset(reader.ReadInt64(), TimeSpan.Zero),
            Closed = reader.ReadBoolean(),
            Condition = (IndexCondition)reader.ReadByte(),
            Clock = reader.ReadInt64(),
            Log = (reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64()),
            PageBytes = reader.ReadInt32(),
            LogToken = new Guid(reader.ReadBytes(16)),
            LogMetadata = ReadBytes(reader),
            TableToken = new Guid(reader.ReadBytes(16)),
            TableMetadata = ReadBytes(reader),
            Table = (reader.ReadInt64(), reader.ReadUInt64()),
            TableBytes = reader.ReadInt64(),
            Policy = ReadText(reader),
            PolicyState = ReadBytes(reader),
            Pins = ReadMany(reader, static reader => new Pin(ReadText(reader), ReadText(reader))),
            Stores = ReadMany(reader, static reader => (ReadText(reader), new IndexTotals(reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64()))),
        };
    }

    private static void WriteText(BinaryWriter writer, string text) => WriteBytes(writer, Encoding.UTF8.GetBytes(text));

    private static void WriteBytes(BinaryWriter writer, byte[] bytes)
    {
        writer.Write(bytes.Length);
        writer.Write(bytes);
    }

    private static string ReadText(BinaryReader reader) => Encoding.UTF8.GetString(ReadBytes(reader));

    private static byte[] ReadBytes(BinaryReader reader) => reader.ReadBytes(reader.ReadInt32());

    private static T[] ReadMany<T>(BinaryReader reader, Func<BinaryReader, T> read)
    {
        var many = new T[reader.ReadInt32()];
        for (int i = 0; i < many.Length; i++)
        {
            many[i] = read(reader);
        }

        return many;
    }
}
