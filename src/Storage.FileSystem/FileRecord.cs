using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ZarrCache.Storage.FileSystem;

/// <summary>The extended attribute of a file, where the system has one: macOS and Linux; elsewhere there is never a record.</summary>
internal static unsafe partial class FileRecord
{
    private const string Name = "user.zarrcache";
    private const int MostBytes = 65536; // what Linux allows

    /// <summary>Sets the attribute; a file system that has no place for it keeps the file without.</summary>
    public static void Write(SafeFileHandle file, ReadOnlySpan<byte> record)
    {
        fixed (byte* pointer = record)
        {
            if (record.IsEmpty)
            {
                return;
            }

            if (OperatingSystem.IsMacOS())
            {
                _ = SetOnMac(file, Name, pointer, (nuint)record.Length, 0, 0);
            }
            else if (OperatingSystem.IsLinux())
            {
                _ = LibC.SetAttribute(file, Name, pointer, (nuint)record.Length, 0);
            }
        }
    }

    /// <summary>The attribute; empty if there is none.</summary>
    public static byte[] Read(SafeFileHandle file)
    {
        if (!OperatingSystem.IsMacOS() && !OperatingSystem.IsLinux())
        {
            return [];
        }

        byte[] buffer = new byte[MostBytes];
        fixed (byte* pointer = buffer)
        {
            nint length = OperatingSystem.IsMacOS()
                ? GetOnMac(file, Name, pointer, MostBytes, 0, 0)
                : LibC.GetAttribute(file, Name, pointer, MostBytes);
            return length > 0 ? buffer[..(int)length] : [];
        }
    }

    [LibraryImport("libc", EntryPoint = "fsetxattr", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetOnMac(SafeFileHandle file, string name, byte* value, nuint size, uint position, int options);

    [LibraryImport("libc", EntryPoint = "fgetxattr", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint GetOnMac(SafeFileHandle file, string name, byte* value, nuint size, uint position, int options);
}
