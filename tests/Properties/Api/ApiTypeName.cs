using System.Reflection;
using System.Runtime.CompilerServices;

namespace RingKit.Properties.Api;

/// <summary>Names of types as C# writes them, without their namespaces: <c>Span&lt;ulong&gt;</c>, <c>string?</c>, <c>(ulong First, ulong Count)</c>.</summary>
internal static class ApiTypeName
{
    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(char)] = "char",
        [typeof(decimal)] = "decimal",
        [typeof(double)] = "double",
        [typeof(float)] = "float",
        [typeof(int)] = "int",
        [typeof(long)] = "long",
        [typeof(nint)] = "nint",
        [typeof(nuint)] = "nuint",
        [typeof(object)] = "object",
        [typeof(sbyte)] = "sbyte",
        [typeof(short)] = "short",
        [typeof(string)] = "string",
        [typeof(uint)] = "uint",
        [typeof(ulong)] = "ulong",
        [typeof(ushort)] = "ushort",
        [typeof(void)] = "void",
    };

    /// <summary>A type where no annotation applies.</summary>
    public static string Of(Type type) => Of(type, nullability: null, names: null);

    public static string Of(ParameterInfo parameter) =>
        Of(WithoutRef(parameter.ParameterType), new NullabilityInfoContext().Create(parameter), TupleNames(parameter));

    public static string Of(PropertyInfo property) =>
        Of(WithoutRef(property.PropertyType), new NullabilityInfoContext().Create(property), TupleNames(property));

    public static string Of(FieldInfo field) => Of(field.FieldType, new NullabilityInfoContext().Create(field), TupleNames(field));

    public static string Of(EventInfo change) => Of(change.EventHandlerType!, new NullabilityInfoContext().Create(change), names: null);

    private static Type WithoutRef(Type type) => type.IsByRef ? type.GetElementType()! : type;

    private static Queue<string?>? TupleNames(ICustomAttributeProvider place) =>
        place.GetCustomAttributes(typeof(TupleElementNamesAttribute), inherit: false) is [TupleElementNamesAttribute names]
            ? new Queue<string?>(names.TransformNames)
            : null;

    private static string Of(Type type, NullabilityInfo? nullability, Queue<string?>? names)
    {
        if (type.IsPointer)
            return Of(type.GetElementType()!) + "*";
        if (type.IsFunctionPointer)
            return $"delegate*<{string.Join(", ", [.. type.GetFunctionPointerParameterTypes().Select(Of), Of(type.GetFunctionPointerReturnType())])}>";
        if (Nullable.GetUnderlyingType(type) is { } value)
            return Of(value, nullability?.GenericTypeArguments is [{ } only] ? only : null, names) + "?";

        string name = type.IsArray
            ? $"{Of(type.GetElementType()!, nullability?.ElementType, names)}[{new string(',', type.GetArrayRank() - 1)}]"
            : type.IsGenericParameter ? type.Name
            : Keywords.TryGetValue(type, out string? keyword) ? keyword
            : IsTuple(type) ? Tuple(type, nullability, names)
            : Named(type, type.GetGenericArguments(), nullability, names);
        return !type.IsValueType && nullability is { ReadState: NullabilityState.Nullable } ? name + "?" : name;
    }

    private static bool IsTuple(Type type) => type.Namespace == "System" && type.Name.StartsWith("ValueTuple`", StringComparison.Ordinal);

    private static string Tuple(Type type, NullabilityInfo? nullability, Queue<string?>? names)
    {
        // The names of a tuple's elements come before those of the tuples in it.
        Type[] elements = type.GetGenericArguments();
        string?[] own = [.. elements.Select(_ => names?.Count > 0 ? names.Dequeue() : null)];
        return $"({string.Join(", ", Arguments(elements, nullability, names).Select((element, i) => own[i] is { } name ? $"{element} {name}" : element))})";
    }

    // A nested type repeats the arguments of the types around it.
    private static string Named(Type type, Type[] arguments, NullabilityInfo? nullability, Queue<string?>? names)
    {
        int outer = type.DeclaringType?.GetGenericArguments().Length ?? 0;
        string prefix = type.DeclaringType is { } around ? Named(around, arguments[..outer], nullability: null, names) + "." : "";
        string name = type.Name.Split('`')[0];
        Type[] own = arguments[outer..];
        return own.Length == 0 ? prefix + name : $"{prefix}{name}<{string.Join(", ", Arguments(own, outer == 0 ? nullability : null, names))}>";
    }

    private static string[] Arguments(Type[] types, NullabilityInfo? nullability, Queue<string?>? names)
    {
        NullabilityInfo[]? each = nullability?.GenericTypeArguments is { } found && found.Length == types.Length ? found : null;
        return [.. types.Select((type, i) => Of(type, each?[i], names))];
    }
}
