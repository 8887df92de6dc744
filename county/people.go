package county

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"sudi/domain"
)

// Person is an invented inhabitant. Every part shows it: a name such as 周某甲,
// a telephone number beginning 199000, a birth in 1900, a house number that
// says it is made up. The identity number's check digit is right all the same.
type Person struct {
	Name           string
	Phone          string
	IdentityNumber string
	Address        string
}

// Party is the person in a case.
func (p Person) Party(role domain.PartyRole) domain.Party {
	return domain.Party{Role: role, Name: p.Name, Phone: p.Phone, IdentityNumber: p.IdentityNumber, Address: p.Address}
}

// People makes persons: the same ones, in the same order, for the same seed.
// Telephone and identity numbers do not repeat within the first 100,000. It is
// not for concurrent use.
type People struct {
	rand     *rand.Rand
	phone    walk
	identity walk
}

// NewPeople begins a sequence of persons.
func NewPeople(seed uint64) *People {
	r := rand.New(rand.NewPCG(seed, 0x5d1)) //nolint:gosec // invented people, the same for the same seed
	return &People{
		rand:     r,
		phone:    walk{size: phones, at: r.IntN(phones)},
		identity: walk{size: identities, at: r.IntN(identities)},
	}
}

const (
	phones     = 100_000   // 199 000x xxxx
	identities = 365 * 999 // days of 1900, then sequence numbers 001–999
)

// walk visits 0 … size-1 once each, scattered.
type walk struct{ size, at int }

// stride is prime and divides neither size.
const stride = 61_879

func (w *walk) next() int {
	w.at = (w.at + stride) % w.size
	return w.at
}

// Person makes the next person, living in a village or community.
func (p *People) Person(village domain.Organization) Person {
	return Person{
		Name:           one(p.rand, surnames) + "某" + p.given(),
		Phone:          fmt.Sprintf("199%08d", p.phone.next()),
		IdentityNumber: identityNumber(p.identity.next()),
		Address: fmt.Sprintf("峄城区%s%s虚拟门牌%03d号",
			townshipNames()[domain.TownshipOf(village.Place)], village.Name, 1+p.rand.IntN(400)),
	}
}

// Company makes the next company, at home in a village's township.
func (p *People) Company(village domain.Organization) domain.Party {
	name := townshipNames()[domain.TownshipOf(village.Place)]
	short := strings.TrimSuffix(strings.TrimSuffix(name, "镇"), "街道")
	return domain.Party{
		Role: domain.PartyApplicant, Organization: true,
		Name:    short + "某" + one(p.rand, stems) + one(p.rand, branches) + one(p.rand, enterpriseTrades) + "有限公司",
		Phone:   fmt.Sprintf("199%08d", p.phone.next()),
		Address: "峄城区" + name + "虚拟园区" + fmt.Sprintf("%03d号", 1+p.rand.IntN(400)),
	}
}

// identityNumber spreads n over the days of 1900: no party of our cases was
// born then.
func identityNumber(n int) string {
	birth := time.Date(1900, 1, 1+n%365, 0, 0, 0, 0, time.UTC)
	first17 := fmt.Sprintf("%s%s%03d", Code, birth.Format("20060102"), 1+n/365)
	return first17 + string(domain.IdentityCheckDigit(first17))
}

// given is 甲, 乙 … or, for half of the persons, 甲子, 乙丑 … in any pairing.
func (p *People) given() string {
	stem := one(p.rand, stems)
	if p.rand.IntN(2) == 0 {
		return stem
	}
	return stem + one(p.rand, branches)
}

var stems = []string{"甲", "乙", "丙", "丁", "戊", "己", "庚", "辛", "壬", "癸"}

var branches = []string{"子", "丑", "寅", "卯", "辰", "巳", "午", "未", "申", "酉", "戌", "亥"}

var surnames = []string{
	"赵", "钱", "孙", "李", "周", "吴", "郑", "王", "冯", "陈", "褚", "卫", "蒋", "沈", "韩", "杨",
	"朱", "秦", "尤", "许", "何", "吕", "施", "张", "孔", "曹", "严", "华", "金", "魏", "陶", "姜",
	"戚", "谢", "邹", "喻", "柏", "水", "窦", "章", "云", "苏", "潘", "葛", "奚", "范", "彭", "郎",
	"鲁", "韦", "昌", "马", "苗", "凤", "花", "方", "俞", "任", "袁", "柳", "鲍", "史", "唐", "费",
	"廉", "岑", "薛", "雷", "贺", "倪", "汤", "滕", "殷", "罗", "毕", "郝", "邬", "安", "常", "乐",
	"于", "时", "傅", "皮", "卞", "齐", "康", "伍", "余", "元", "卜", "顾", "孟", "平", "黄", "和",
	"穆", "萧", "尹", "姚", "邵", "湛", "汪", "祁", "毛", "禹", "狄", "米", "贝", "明", "臧", "计",
}
