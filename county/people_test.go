package county

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sudi/domain"
)

func TestPersonsAreInventedAndDistinct(t *testing.T) {
	villages := Villages(endOf2020)
	people, again := NewPeople(7), NewPeople(7)
	phones, identities, names := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i := range 100_000 {
		v := villages[i%len(villages)]
		p := people.Person(v)
		require.Equal(t, p, again.Person(v))
		require.Regexp(t, `^199000[0-9]{5}$`, p.Phone)
		require.Regexp(t, `^3704041900[0-9]{7}[0-9X]$`, p.IdentityNumber)
		require.True(t, domain.ValidIdentityNumber(p.IdentityNumber), p.IdentityNumber)
		require.Regexp(t, `^\p{Han}某[甲乙丙丁戊己庚辛壬癸]\p{Han}?$`, p.Name)
		require.Contains(t, p.Address, v.Name+"虚拟门牌")
		phones[p.Phone], identities[p.IdentityNumber], names[p.Name] = true, true, true
	}
	assert.Len(t, phones, 100_000)
	assert.Len(t, identities, 100_000)
	assert.Greater(t, len(names), 5_000)
	assert.NotEqual(t, NewPeople(7).Person(villages[0]), NewPeople(8).Person(villages[0]))
}

func TestPersonOfTheSpecification(t *testing.T) {
	assert.Equal(t, "370404190001010018", identityNumber(0))
	assert.Equal(t, "370404190001010050", identityNumber(4*365))
	p := NewPeople(1).Person(Villages(endOf2020)[0])
	assert.Equal(t, domain.Party{
		Role: domain.PartyRespondent, Name: p.Name, Phone: p.Phone, IdentityNumber: p.IdentityNumber, Address: p.Address,
	}, p.Party(domain.PartyRespondent))
	assert.Contains(t, p.Address, "峄城区坛山街道工农社区")
}

func TestCompaniesShowThatTheyAreInvented(t *testing.T) {
	v := Villages(endOf2020)[0]
	c := NewPeople(1).Company(v)
	assert.Equal(t, c, NewPeople(1).Company(v))
	assert.Regexp(t, `^坛山某[甲乙丙丁戊己庚辛壬癸]\p{Han}+有限公司$`, c.Name)
	assert.True(t, c.Organization)
	assert.Contains(t, c.Address, "虚拟园区")
	assert.Empty(t, c.IdentityNumber)
}

func TestIdentityNumbersReachTheirLast(t *testing.T) {
	assert.Equal(t, "37040419001231999", identityNumber(identities - 1)[:17])
}
