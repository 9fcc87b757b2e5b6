using System.Reflection;
using System.Runtime.CompilerServices;

namespace RingKit.Properties.Api;

/// <summary>What an assembly offers to others, as lines that a person reviews: namespaces, below them types, below them members.</summary>
internal static class PublicApi
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static string[] Of(Assembly assembly)
    {
        List<string> lines = [];
        IEnumerable<IGrouping<string, Type>> namespaces = assembly.GetExportedTypes()
            .Where(type => !IsMadeByCompiler(type))
            .GroupBy(type => type.Namespace!, StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal);
        foreach (IGrouping<string, Type> types in namespaces)
        {
            lines.Add($"namespace {types.Key}");
            foreach (Type type in types.OrderBy(ApiTypeName.Of, StringComparer.Ordinal))
            {
                lines.Add("  " + Header(type));
                lines.AddRange(Members(type).Select(member => "    " + member));
            }
        }

        return [.. lines];
    }

    private static string Header(Type type)
    {
        string name = WithVariance(type);
        string constraints = ApiMember.Constraints(OwnArguments(type));
        if (type.IsEnum)
            return $"{(type.IsDefined(typeof(FlagsAttribute)) ? "[Flags] " : "")}enum {name} : {ApiTypeName.Of(Enum.GetUnderlyingType(type))}";
        if (type.IsSubclassOf(typeof(Delegate)))
        {
            MethodInfo invoke = type.GetMethod(nameof(Action.Invoke))!;
            return $"delegate {ApiTypeName.Of(invoke.ReturnParameter)} {name}({ApiMember.Parameters(invoke)}){constraints}";
        }

        string bases = string.Join(", ", Bases(type));
        return $"{Obsolete(type)}{Kind(type)} {name}{(bases.Length == 0 ? "" : " : " + bases)}{constraints}";
    }

    private static string Kind(Type type)
    {
        if (type.IsInterface)
            return "interface";
        string record = IsRecord(type) ? "record " : "";
        if (type.IsValueType)
        {
            string readOnly = type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly " : "";
            return $"{readOnly}{(type.IsByRefLike ? "ref " : "")}{record}struct";
        }

        string modifier = type.IsAbstract ? (type.IsSealed ? "static " : "abstract ") : type.IsSealed ? "sealed " : "";
        return $"{modifier}{record}class";
    }

    private static bool IsRecord(Type type) => type.GetMethod("PrintMembers", Declared)?.IsDefined(typeof(CompilerGeneratedAttribute)) == true;

    // The compiler marks ref structs so, for older ones.
    private static string Obsolete(Type type) =>
        !type.IsByRefLike && type.GetCustomAttribute<ObsoleteAttribute>() is { } obsolete ? $"[Obsolete(\"{obsolete.Message}\")] " : "";

    // The base, and the interfaces that neither it, nor another interface, nor the word "record" brings along.
    private static IEnumerable<string> Bases(Type type)
    {
        if (type.BaseType is { } above && above != typeof(object) && above != typeof(ValueType))
            yield return ApiTypeName.Of(above);
        Type[] all = type.GetInterfaces();
        IEnumerable<Type> implied = all.SelectMany(each => each.GetInterfaces()).Concat(type.BaseType?.GetInterfaces() ?? []);
        if (IsRecord(type))
            implied = implied.Append(typeof(IEquatable<>).MakeGenericType(type));
        foreach (string each in all.Except(implied).Where(each => each.IsVisible).Select(ApiTypeName.Of).Order(StringComparer.Ordinal))
            yield return each;
    }

    private static Type[] OwnArguments(Type type) => type.GetGenericArguments()[(type.DeclaringType?.GetGenericArguments().Length ?? 0)..];

    private static string WithVariance(Type type)
    {
        string name = ApiTypeName.Of(type);
        foreach (Type argument in OwnArguments(type))
        {
            string variance = (argument.GenericParameterAttributes & GenericParameterAttributes.VarianceMask) switch
            {
                GenericParameterAttributes.Covariant => "out ",
                GenericParameterAttributes.Contravariant => "in ",
                _ => "",
            };
            foreach (string before in new[] { "<", ", " })
                name = name.Replace(before + argument.Name, before + variance + argument.Name, StringComparison.Ordinal);
        }

        return name;
    }

    private static IEnumerable<string> Members(Type type)
    {
        if (type.IsSubclassOf(typeof(Delegate)))
            return [];
        if (type.IsEnum)
            return type.GetFields(BindingFlags.Public | BindingFlags.Static).OrderBy(field => field.MetadataToken).Select(ApiMember.EnumValue);

        return
        [
            .. Lines(type.GetFields(Declared).Where(field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly), ApiMember.Field),
            .. Lines(type.GetConstructors(Declared).Where(ApiMember.IsVisible), ApiMember.Constructor),
            .. Lines(type.GetProperties(Declared).Where(property => property.GetAccessors(nonPublic: true).Any(ApiMember.IsVisible)), ApiMember.Property),
            .. Lines(type.GetEvents(Declared).Where(change => ApiMember.IsVisible(change.AddMethod!)), ApiMember.Event),
            .. Lines(type.GetMethods(Declared).Where(method => ApiMember.IsVisible(method) && (!method.IsSpecialName || IsOperator(method))), ApiMember.Method),
        ];
    }

    private static IEnumerable<string> Lines<TMember>(IEnumerable<TMember> members, Func<TMember, string> line)
        where TMember : MemberInfo => members
            .Where(member => !IsMadeByCompiler(member))
            .Select(member => (member.Name, Line: line(member)))
            .OrderBy(member => member.Name, StringComparer.Ordinal)
            .ThenBy(member => member.Line, StringComparer.Ordinal)
            .Select(member => member.Line);

    private static bool IsOperator(MethodInfo method) => method.Name.StartsWith("op_", StringComparison.Ordinal);

    // What the compiler adds to a record, above all: the word "record" says it.
    private static bool IsMadeByCompiler(MemberInfo member) =>
        member.Name.Contains('<', StringComparison.Ordinal) || member.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false);
}
